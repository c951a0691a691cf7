"""Small requests answered while uvicorn parses them.

uvicorn makes an ASGI scope, a cycle, an event and a task for each request: 60 to 70 µs, as much as the whole
answer takes. A whole small request to a quick model needs none of it: it is answered in the parser's callback and
written at once. Whatever is unusual (long or chunked bodies, `Expect`, upgrades, escaped paths, pages, slow models,
a client that doesn't read) takes uvicorn's ordinary way; tests/onehandler/serving compares both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from onehandler.message import Request
from onehandler.protocols import serves
from onehandler.serving.dispatch import SMALL
from onehandler.serving.endpoint import chunks_of, has_length, headers_of, is_chunked, next_id

if TYPE_CHECKING:
    from typing import TypeAlias

    from onehandler.message import Response
    from onehandler.serving.dispatch import Dispatch

    Pair: TypeAlias = tuple[bytes, bytes]

_LONGEST_URL = 512  # bytes
_LONGEST_HEAD = 64 * 1024  # bytes
_UNUSUAL = b"%#"  # in a URL: to be unescaped, to be cut off


@dataclass(frozen=True, slots=True)
class _Head:
    """What a request's head says; `length` is that of its body."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    length: int


# Clients send the same head over and over, with another length now and then. Where the table is full, the parser reads.
_HEADS: dict[bytes, _Head] = {}
_MOST_KNOWN = 1024
_LONGEST_KNOWN = 2048  # bytes
_END_OF_HEAD = b"\r\n\r\n"


class ExpressProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a shorter way; its application is `onehandler.serving.asgi.Application`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._dispatch: Dispatch = self.app.dispatch
        self._collected: list[bytes] | None = None  # the body of a request on the shorter way
        self._target = ("", "")  # path and query
        self._seen: tuple[list[Pair], dict[str, str]] = ([], {})  # headers as they came last, and as ours
        self._ending = False
        self._head = -1  # bytes of a request's head that has begun to arrive
        self._between = True  # requests: the parser is at the beginning of one
        self._express = (
            0  # requests of the data at hand that took the shorter way and let the connection stay
        )

    def data_received(self, data: bytes) -> None:
        """Answer a request whose head is known by heart; parse any other.

        A head that goes on for ever is refused: the parser would keep it in memory.
        """
        whole = self._between
        if whole and self._by_heart(data):
            return
        self._express = 0
        super().data_received(data)
        if whole and self._between and self._express == 1:
            self._learn(data)
        if self._head >= 0:
            self._head += len(data)
            if self._head > _LONGEST_HEAD and not self.transport.is_closing():
                self.send_400_response("The request's head is too long.")

    # The parser's callbacks.
    def on_message_begin(self) -> None:
        """Begin a request; its scope is made when it turns out to be needed."""
        self._head = 0
        self._between = False
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        """Choose the way."""
        self._head = -1
        self._collected = [] if self._is_express() else None
        if self._collected is None:
            self._begin_ordinary()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._collected is None:
            super().on_body(body)
        else:
            self._collected.append(body)

    def on_message_complete(self) -> None:
        """Answer, or let the ordinary way have it after all."""
        self._between = True
        collected, self._collected = self._collected, None
        if collected is None:
            super().on_message_complete()
            return
        if self.transport.is_closing():  # the client itself said that there would be no more
            return
        body = b"".join(collected)
        method = self.parser.get_method().decode("ascii")
        path, query = self._target
        request = Request(method, path, self._request_headers(), body, query, next_id())
        if self._dispatch.at_once(request):
            # As uvicorn has it: HTTP/1.0 has one request a connection.
            newer = self.parser.get_http_version() != "1.0"
            keep = self.parser.should_keep_alive() and newer
            self._express += keep
            response = self._dispatch.now(request)
            self._write(method, response, keep=keep and not self._ending, chunks=newer)
            return
        self._begin_ordinary()
        super().on_body(body)
        super().on_message_complete()

    def shutdown(self) -> None:
        """End the connection, a request that is arriving answered first."""
        self._ending = True
        if self._collected is None:
            super().shutdown()

    def _is_express(self) -> bool:
        cycle = self.cycle
        busy = cycle is not None and not cycle.response_complete
        if busy or self.flow.write_paused or self.expect_100_continue or self.parser.should_upgrade():
            return False
        target = _plain_target(self.url) if len(self.url) <= _LONGEST_URL else None
        if target is None or not self._is_small():
            return False
        self._target = target
        return True

    def _is_small(self) -> bool:
        length = 0
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)  # the parser has refused anything but digits
            elif name == b"transfer-encoding":
                return False
        return length <= SMALL

    def _request_headers(self) -> dict[str, str]:
        """On one connection they are usually the same from request to request."""
        seen, found = self._seen
        if self.headers != seen:
            found = headers_of(self.headers)
            self._seen = (self.headers, found)
        return found

    def _begin_ordinary(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)  # the scope refers to this list
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def _by_heart(self, data: bytes) -> bool:
        """Answer data that is one whole request, if its head has come before: the parser would say the same again."""
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        known = _HEADS.get(data[:end])
        if known is None or len(data) - end != known.length or not self._is_free():
            return False
        request = Request(known.method, known.path, known.headers, data[end:], known.query, next_id())
        if not self._dispatch.at_once(request):
            return False
        self._write(known.method, self._dispatch.now(request), keep=not self._ending)
        return True

    def _learn(self, data: bytes) -> None:
        """Know the head of this request from now on: it took the shorter way, alone and whole."""
        end = data.find(_END_OF_HEAD) + len(_END_OF_HEAD)
        declared = next((int(value) for name, value in self.headers if name == b"content-length"), 0)
        exact = declared == len(data) - end  # line ends between requests belong to none
        if exact and end <= _LONGEST_KNOWN and len(_HEADS) < _MOST_KNOWN:
            method, (path, query) = self.parser.get_method().decode("ascii"), self._target
            _HEADS[data[:end]] = _Head(method, path, query, self._request_headers(), len(data) - end)

    def _is_free(self) -> bool:
        cycle = self.cycle
        busy = cycle is not None and not cycle.response_complete
        return not (busy or self.flow.write_paused or self.transport.is_closing())

    def _write(self, method: str, response: Response, *, keep: bool, chunks: bool = True) -> None:
        in_chunks = chunks and is_chunked(response, self._dispatch.settings.chunked_above)
        parts = [STATUS_LINE[response.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        lines = [f"{name}: {value}\r\n" for name, value in response.headers.items()]
        if in_chunks:
            lines.append("transfer-encoding: chunked\r\n")
        elif has_length(method, response):
            lines.append(f"content-length: {len(response.body)}\r\n")
        if not keep:
            lines.append("connection: close\r\n")
        parts += ("".join(lines).encode("latin-1"), b"\r\n")
        parts += _in_chunks(response.body) if in_chunks else (response.body,)
        self.transport.write(b"".join(parts))
        self.server_state.total_requests += 1
        if keep:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.transport.close()


def _in_chunks(body: bytes) -> list[bytes]:
    """A body in the chunked transfer coding (RFC 9112, section 7.1)."""
    parts = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks_of(body)]
    return [*parts, b"0\r\n\r\n"]


@lru_cache(256)
def _plain_target(url: bytes) -> tuple[str, str] | None:
    """Path and query of a protocol's URL that needs no unescaping, else None."""
    if not url.isascii() or any(mark in url for mark in _UNUSUAL):
        return None
    path, _, query = url.decode("ascii").partition("?")
    return (path, query) if serves(path) else None
