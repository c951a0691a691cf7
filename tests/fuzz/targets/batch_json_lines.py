"""Rows in JSON Lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.bundles import COLUMNS, ROW
from tests.fuzz.world import handler, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUNDLES = ("iris", "mixed", "regression", "image")


def fuzz(data: bytes) -> None:
    if data:
        served = handler(_BUNDLES[data[0] % len(_BUNDLES)])
        refused(lambda: list(served.score(data[1:], "application/jsonl")))


def seeds() -> Iterator[bytes]:
    yield b"\0[5.1,3.5,1.4,0.2]\n" + json.dumps(dict(zip(COLUMNS, ROW, strict=True))).encode() + b"\n\n[1]\n"
    yield b'\1{"age":1,"visits":2,"city":"K\\u00f6ln"}\r\n[1,2,null]\n{"age":1,"age":2}\n'
    yield b"\2[1,null,3]\n[NaN,1,2]\n[1e999,1,2]"
    yield b"\3" + json.dumps([[1] * 8] * 8).encode()
