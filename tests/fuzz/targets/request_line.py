"""Methods, paths, queries and headers: whatever a carrier hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.message import Request
from tests.bundles import ROW
from tests.conformance.table import CASES
from tests.fuzz.world import answered, handler

if TYPE_CHECKING:
    from collections.abc import Iterator

_BODY = b'{"rows":[%s]}' % str(ROW).encode()
_HEADERS = ("content-type", "accept", "content-encoding", "inference-header-content-length", "x-user")


def fuzz(data: bytes) -> None:
    """Five parts with NULs between: method, path, query, the header's number and value."""
    parts = data.decode("utf-8", "replace").split("\0")
    method, path, query, number, value = (*parts, "", "", "", "", "")[:5]
    headers = {_HEADERS[len(number) % len(_HEADERS)]: value} if value else {}
    answered(handler("iris"), Request(method, "/" + path.lstrip("/"), headers, _BODY, query))


def seeds() -> Iterator[bytes]:
    for case in CASES:
        for number, name in enumerate(_HEADERS):
            value = case.headers.get(name, "")
            yield "\0".join([case.method, case.path, "shape=1,4", "n" * number, value]).encode()
