"""Rows in CSV, as files of any quoting and as the command line takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bundles import COLUMNS
from tests.fuzz.world import handler, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUNDLES = ("iris", "mixed", "regression", "lookup")


def fuzz(data: bytes) -> None:
    if data:
        served = handler(_BUNDLES[data[0] % len(_BUNDLES)])
        refused(lambda: list(served.score(data[1:], "text/csv")))


def seeds() -> Iterator[bytes]:
    header = ",".join(COLUMNS).encode()
    yield b"\0" + header + b"\n5.1,3.5,1.4,0.2\n5.1,x,,1e999\n"
    yield b"\0" + header.replace(b",", b";") + b"\r\n1;2;3;4\r\n"
    yield b'\1age,visits,city\n41.5,3,K\xc3\xb6ln\n1,2,"a, ""b""\nc"\n'
    yield b"\2a,b,c\n1,,3\nnan,inf,-inf\n"
    yield b"\3index\n3\n99\n\n-1\n1.0\n"
    yield b"\0\xef\xbb\xbf" + header + b"\n1,2,3,4"
