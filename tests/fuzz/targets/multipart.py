"""Forms as TorchServe's clients send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.codecs import multipart
from onehandler.message import Request
from tests.fuzz.world import answered, handler, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPE = "multipart/form-data; boundary=x"


def fuzz(data: bytes) -> None:
    boundary, _, body = data.partition(b"\n")
    refused(lambda: multipart.loads(body, boundary.decode("latin-1")))
    answered(handler("iris"), Request("POST", "/predictions/iris", {"content-type": _TYPE}, body))


def seeds() -> Iterator[bytes]:
    head = b'--x\r\nContent-Disposition: form-data; name="data"'
    yield b"x\n" + head + b"\r\n\r\n[[5.1,3.5,1.4,0.2]]\r\n--x--\r\n"
    yield b"x\n" + head + b'; filename="a"\r\nContent-Type: application/json\r\n\r\n[[1,2,3,4]]\r\n--x--'
    yield b"x\n" + head + b"\r\n\r\n1\r\n" + head.replace(b"data", b"body") + b"\r\n\r\n2\r\n--x--\r\n"
