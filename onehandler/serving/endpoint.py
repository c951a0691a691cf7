"""All protocols as one plain ASGI endpoint: no web framework, no pydantic."""

from __future__ import annotations

import asyncio
import os
from itertools import count
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from onehandler.errors import Unavailable
from onehandler.message import Request
from onehandler.serving.refusing import refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
    from typing import TypeAlias

    from onehandler.message import Response
    from onehandler.serving.dispatch import Dispatch
    from onehandler.serving.room import Share

    Scope: TypeAlias = MutableMapping[str, Any]
    Message: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Message]]
    Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODILESS = (204, 304)
_CHUNK = 64 * 1024  # bytes


class RequestIds:
    """Ids that no other process gives: random per process, counted within it (random ones are a system call each)."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def __call__(self) -> str:
        """The next one: 16 hexadecimal digits, more after four thousand million."""
        return f"{self._prefix}{next(self._numbers):08x}"

    def _begin(self) -> None:
        self._prefix, self._numbers = token_hex(4), count(1)


next_id = RequestIds()


class Endpoint:
    """Reads a request, has it answered, sends the answer."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._limit = dispatch.handler.settings.max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        share = self._dispatch.room.enter()
        above = self._dispatch.settings.chunked_above if scope.get("http_version") != "1.0" else 0
        try:
            response = await self._response(scope, receive, share)
            if response is not None:
                await send_response(send, scope["method"], response, above)
        finally:
            share.leave()

    async def _response(self, scope: Scope, receive: Receive, share: Share) -> Response | None:
        """The response to a request; None when nobody is left to answer."""
        try:
            body = await body_of(receive, self._limit, share)
        except Unavailable as error:
            return self._dispatch.turned_away(request_of(scope, b""), error)
        if body is None:
            return None
        request = request_of(scope, body)
        try:
            return await self._dispatch.answer(request)
        except (
            asyncio.CancelledError
        ):  # by uvicorn, when the drain is over: the client may ask another server
            ending = Unavailable("this server is ending and did not get to it; send it again")
            return refused(request, ending)


async def send_response(send: Send, method: str, response: Response, chunked_above: int = 0) -> None:
    """Send a whole response; one of more bytes than `chunked_above` (0: none) as its reader takes it."""
    headers = [(name.encode(), value.encode("latin-1")) for name, value in response.headers.items()]
    in_chunks = is_chunked(response, chunked_above)
    if has_length(method, response) and not in_chunks:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if in_chunks:
        for part in chunks_of(response.body):
            await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"" if in_chunks else response.body})


def is_chunked(response: Response, above: int) -> bool:
    """Whether to send a response in chunks rather than with its length."""
    return 0 < above < len(response.body)


def chunks_of(body: bytes) -> Iterator[bytes]:
    """A body some at a time."""
    return (body[at : at + _CHUNK] for at in range(0, len(body), _CHUNK))


def has_length(method: str, response: Response) -> bool:
    """Whether to say the body's length: to HEAD it would be that of the missing body."""
    return method != "HEAD" and response.status not in _BODILESS


def request_of(scope: Scope, body: bytes) -> Request:
    """The request of an ASGI scope."""
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], headers_of(scope["headers"]), body, query, next_id())


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names come in lower case; repeated ones are joined."""
    found: dict[str, str] = {}
    for raw, content in pairs:
        name, value = raw.decode("latin-1"), content.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def body_of(receive: Receive, limit: int, share: Share | None = None) -> bytes | None:
    """The body, or its first `limit` + 1 bytes, which are enough to refuse it; None if the client has left.

    Raises Unavailable where there is no room for its `share`.
    """
    parts = []
    size = 0
    while size <= limit:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        if share is not None and not share.take(len(part)):
            raise Unavailable("requests under way take all the room that there is; send it again later")
        parts.append(part)
        size += len(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts)[: limit + 1]
