"""Small requests answered while uvicorn parses them.

uvicorn makes an ASGI scope, a cycle, an event and a task for each request: 60 to 70 µs, as much as the whole
answer takes. A whole small request to a quick model needs none of it: it is answered in the parser's callback and
written at once. Whatever is unusual (long or chunked bodies, `Expect`, upgrades, escaped paths, pages, slow models,
a client that doesn't read) takes uvicorn's ordinary way; tests/onehandler/serving compares both.
"""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from onehandler.message import Request
from onehandler.protocols import serves
from onehandler.serving.dispatch import SMALL
from onehandler.serving.endpoint import has_length, headers_of

if TYPE_CHECKING:
    from onehandler.message import Response
    from onehandler.serving.dispatch import Dispatch

_UNUSUAL = b"%#"  # in a URL: to be unescaped, to be cut off


class ExpressProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a shorter way; its application is `onehandler.serving.asgi.Application`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._dispatch: Dispatch = self.app.dispatch
        self._collected: list[bytes] | None = None  # the body of a request on the shorter way
        self._path = ""
        self._query = ""
        self._ending = False

    # The parser's callbacks.
    def on_message_begin(self) -> None:
        """Begin a request; its scope is made when it turns out to be needed."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        """Choose the way."""
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
        collected, self._collected = self._collected, None
        if collected is None:
            super().on_message_complete()
            return
        body = b"".join(collected)
        method = self.parser.get_method().decode("ascii")
        request = Request(method, self._path, headers_of(self.headers), body, self._query, token_hex(8))
        if self._dispatch.at_once(request):
            self._write(method, self._dispatch.now(request))
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
        return self._is_plain_url() and self._is_small()

    def _is_plain_url(self) -> bool:
        url = self.url
        if not url.isascii() or any(mark in url for mark in _UNUSUAL):
            return False
        self._path, _, self._query = url.decode("ascii").partition("?")
        return serves(self._path)

    def _is_small(self) -> bool:
        length = 0
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)  # the parser has refused anything but digits
            elif name == b"transfer-encoding":
                return False
        return length <= SMALL

    def _begin_ordinary(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)  # the scope refers to this list
        super().on_headers_complete()
        if self._ending:
            self.cycle.keep_alive = False

    def _write(self, method: str, response: Response) -> None:
        keep = self.parser.should_keep_alive() and not self._ending
        parts = [STATUS_LINE[response.status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        lines = [f"{name}: {value}\r\n" for name, value in response.headers.items()]
        if has_length(method, response):
            lines.append(f"content-length: {len(response.body)}\r\n")
        if not keep:
            lines.append("connection: close\r\n")
        parts += ("".join(lines).encode("latin-1"), b"\r\n", response.body)
        self.transport.write(b"".join(parts))
        self.server_state.total_requests += 1
        if keep:
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            self.transport.close()
