"""Open Inference V2: JSON, and JSON followed by the tensors' bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.message import Request
from tests.bundles import ROW
from tests.conformance.table import CASES as ANSWERED
from tests.fuzz.world import SMALL, answered, handler
from tests.hostile.table import CASES as HOSTILE

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH = "inference-header-content-length"


def fuzz(data: bytes) -> None:
    """The first byte says which model, the next two how long the JSON is; none: all of it."""
    if len(data) < 3:
        return
    name = ("iris", "mixed")[data[0] % 2]
    length = int.from_bytes(data[1:3], "little")
    headers = {"content-type": "application/octet-stream", _LENGTH: str(length)} if length else {}
    answered(handler(name), Request("POST", f"/v2/models/{name}/infer", headers, data[3:]))


def seeds() -> Iterator[bytes]:
    yield (
        b"\0\0\0" + b'{"inputs":[{"name":"X","shape":[1,4],"datatype":"FP32","data":%s}]}' % str(ROW).encode()
    )
    for case in (*ANSWERED, *HOSTILE):
        index = {"/v2/models/iris/infer": b"\0", "/v2/models/mixed/infer": b"\1"}.get(case.path)
        if index and len(case.body) <= SMALL:
            length = case.headers.get(_LENGTH, "0")
            known = int(length) if length.isascii() and length.isdecimal() else 0
            yield index + (known & 0xFFFF).to_bytes(2, "little") + case.body
