"""The body of a request: how long it is, and where it is kept."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from local_emulator.http.errors import HttpProtocolError
from local_emulator.http.messages import Body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.http.limits import Limits
    from local_emulator.http.messages import RequestHead
    from local_emulator.http.stream import SocketStream

_DIGITS = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_CHUNK_LINE = 4096
_TRAILERS = 32
_BLOCK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Framing:
    """How the end of the body is found; `length` counts only where it is not chunked."""

    length: int = 0
    chunked: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is no body to read."""
        return not self.chunked and not self.length


def framing_of(head: RequestHead, limits: Limits) -> Framing:
    """Find how the body is framed, refusing the doubtful cases that request smuggling lives on."""
    lengths, encodings = head.headers.all("content-length"), head.headers.all("transfer-encoding")
    if lengths and encodings:
        raise HttpProtocolError(400, "both Content-Length and Transfer-Encoding were received; send one")
    if encodings:
        return _encoded(head.version, encodings)
    if not lengths:
        return Framing()
    if len(lengths) > 1 or not _DIGITS.fullmatch(lengths[0]):
        raise HttpProtocolError(400, "Content-Length is one decimal number")
    length = int(lengths[0])
    _refuse_over(length, limits)
    return Framing(length)


def _encoded(version: str, encodings: list[str]) -> Framing:
    if version == "HTTP/1.0":
        raise HttpProtocolError(400, "HTTP/1.0 has no Transfer-Encoding")
    if len(encodings) > 1 or encodings[0].lower() != "chunked":
        raise HttpProtocolError(501, "Transfer-Encoding is 'chunked' or absent; no other is implemented")
    return Framing(chunked=True)


def read_body(stream: SocketStream, framing: Framing, limits: Limits) -> Body:
    """Read the whole body. Raises HttpProtocolError, ConnectionEndedError and TimeoutError."""
    if framing.empty:
        return Body()
    if not framing.chunked and framing.length <= limits.body_in_memory:
        return Body(stream.exactly(framing.length), None, framing.length)
    blocks = _chunks(stream, limits) if framing.chunked else _blocks(stream, framing.length)
    return _spool(blocks, limits)


def _spool(blocks: Iterator[bytes], limits: Limits) -> Body:
    # The request's owner closes the file through Body.close; on the way there, every failure does.
    file: BinaryIO = tempfile.SpooledTemporaryFile(limits.body_in_memory)  # type: ignore[assignment]  # noqa: SIM115
    size = 0
    try:
        for block in blocks:
            size += len(block)
            _refuse_over(size, limits)
            file.write(block)
    except BaseException:
        file.close()
        raise
    return Body(b"", file, size)


def _blocks(stream: SocketStream, length: int) -> Iterator[bytes]:
    left = length
    while left:
        block = stream.block(min(left, _BLOCK))
        left -= len(block)
        yield block


def _chunks(stream: SocketStream, limits: Limits) -> Iterator[bytes]:
    while True:
        match = _CHUNK_SIZE.fullmatch(stream.line(_CHUNK_LINE))
        if match is None:
            raise HttpProtocolError(400, "a chunk begins with its size in hexadecimal digits")
        size = int(match.group(1), 16)
        _refuse_over(size, limits)
        if not size:
            break
        yield from _blocks(stream, size)
        if stream.line(_CHUNK_LINE):
            raise HttpProtocolError(400, "a chunk is longer than its stated size")
    for _ in range(_TRAILERS + 1):  # trailing fields are read and dropped: nothing here is decided by them
        if not stream.line(_CHUNK_LINE):
            return
    raise HttpProtocolError(431, f"more than {_TRAILERS} trailing fields after a chunked body")


def _refuse_over(size: int, limits: Limits) -> None:
    if size > limits.body:
        raise HttpProtocolError(413, f"the body is over {limits.body} bytes")
