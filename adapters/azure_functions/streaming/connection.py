"""One of the host's connections: HTTP/1.1 with bodies whole, whether they come with a length or in chunks."""

from __future__ import annotations

from asyncio import IncompleteReadError, LimitOverrunError
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

from adapters.azure_functions.paths import path_of
from adapters.azure_functions.streaming.coordinator import forget
from onehandler.errors import MalformedBody, OnehandlerError
from onehandler.message import Request
from onehandler.protocols import problem

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncIterator, Awaitable, Callable

    from onehandler.message import Response

_PIECE = 64 * 1024  # bytes read or written at once
_BODILESS = (204, 304)
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
ID = "x-ms-invocation-id"


class Asked(NamedTuple):
    """A request as it came; of its body at most one byte more than the limit, which is enough to refuse it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def request(self, base_path: str) -> Request:
        """As the core knows it."""
        path, _, query = self.target.partition("?")
        found = path_of(path, base_path)
        return Request(self.method, found, self.headers, self.body, query, self.headers.get(ID, ""))


class Connection:
    """Reads requests one after the other, has each answered, and writes the answers."""

    def __init__(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        answer: Callable[[Asked], Awaitable[Response]],
        limit: int,
    ) -> None:
        self._reader: Final = reader
        self._writer: Final = writer
        self._answer: Final = answer
        self._limit: Final = limit
        self._closing = False

    async def serve(self) -> None:
        """Until either side has had enough."""
        try:
            while not self._closing and (head := await self._head()):
                await self._exchange(head)
        except (IncompleteReadError, LimitOverrunError, ConnectionError):
            pass  # the host has left, or has sent what is no HTTP: nobody could read an answer
        finally:
            self._writer.close()

    async def _exchange(self, head: bytes) -> None:
        try:
            method, target, headers = _parsed(head)
            asked = Asked(method, target, headers, await self._body(headers))
        except OnehandlerError as error:
            self._closing = True
            await self._send("", problem.refuse(error))
            return
        self._closing = self._closing or headers.get("connection", "").lower() == "close"
        try:
            response = await self._answer(asked)
        except Exception:  # noqa: BLE001 - the runtime has logged it already
            response = problem.internal(headers.get(ID, ""))
        forget(asked.headers.get(ID, ""))
        await self._send(method, response)

    async def _head(self) -> bytes:
        """Request line and headers; empty when the host has closed instead."""
        try:
            return await self._reader.readuntil(b"\r\n\r\n")
        except IncompleteReadError as error:
            if error.partial:
                raise
            return b""

    async def _body(self, headers: dict[str, str]) -> bytes:
        coding, length = headers.get("transfer-encoding", "").lower(), headers.get("content-length", "")
        if (coding and (coding != "chunked" or length)) or (length and not length.isdecimal()):
            raise MalformedBody("the body's length is told in no way, or in two", where="headers")
        if headers.get("expect", "").lower() == "100-continue":
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        found = bytearray()
        pieces = self._chunks() if coding else self._sized(int(length or 0))
        async for piece in pieces:
            found += piece
            if len(found) > self._limit:
                self._closing = True  # the rest stays unread
                break
        return bytes(found[: self._limit + 1])

    async def _sized(self, length: int) -> AsyncIterator[bytes]:
        while length:
            piece = await self._reader.readexactly(min(length, _PIECE))
            length -= len(piece)
            yield piece

    async def _chunks(self) -> AsyncIterator[bytes]:
        while size := _size(await self._reader.readuntil(b"\r\n")):
            async for piece in self._sized(size):
                yield piece
            if await self._reader.readexactly(2) != b"\r\n":
                raise MalformedBody("a chunk has more bytes than it says", where="body")
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass  # trailers tell nothing that we read

    async def _send(self, method: str, response: Response) -> None:
        body = b"" if method == "HEAD" else response.body
        # A small answer goes in one packet.
        self._writer.write(_head_of(method, response, closing=self._closing) + body[:_PIECE])
        await self._writer.drain()
        for start in range(_PIECE, len(body), _PIECE):
            self._writer.write(body[start : start + _PIECE])
            await self._writer.drain()


def _parsed(head: bytes) -> tuple[str, str, dict[str, str]]:
    line, *fields = head[:-4].decode("latin-1").split("\r\n")
    words = line.split(" ")
    if len(words) != 3 or not words[1].startswith("/"):
        raise MalformedBody("the first line is none of HTTP/1.1", where="request line")
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        if not colon or not name or name != name.strip():
            raise MalformedBody("a header is none", where="headers")
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return words[0], words[1], headers


def _size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 8 or digits.strip(b"0123456789abcdefABCDEF"):
        raise MalformedBody("a chunk's size is no hexadecimal number", where="body")
    return int(digits, 16)


def _head_of(method: str, response: Response, *, closing: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, '')}"]
    lines += (f"{name}: {value}" for name, value in response.headers.items() if name != "content-length")
    if method != "HEAD" and response.status not in _BODILESS:
        lines.append(f"content-length: {len(response.body)}")
    if closing:
        lines.append("connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
