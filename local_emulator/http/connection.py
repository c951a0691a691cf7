"""One connection, from its first byte to its orderly end."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from typing import TYPE_CHECKING, Protocol

from local_emulator.http.body import framing_of, read_body
from local_emulator.http.errors import (
    ConnectionEndedError,
    HttpProtocolError,
    StreamBrokenError,
)
from local_emulator.http.messages import HttpRequest, HttpResponse, problem
from local_emulator.http.parser import parse_head
from local_emulator.http.stream import SocketStream
from local_emulator.http.writer import chunks, encode, has_body

if TYPE_CHECKING:
    from local_emulator.http.limits import Limits
    from local_emulator.http.messages import Body, RequestHead, Stream

_log = logging.getLogger(__name__)
_LINGER_S = 1.0
_SEND_BLOCK = 1024 * 1024


class Application(Protocol):
    """What a server serves."""

    def admit(self, head: RequestHead) -> HttpResponse | None:
        """Decide before the body is read: None lets it in, a response refuses it."""
        ...

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer a request that was let in."""
        ...


class Connection:
    """Serves one socket in one thread; `take_no_more` and `end` may be called from another."""

    def __init__(self, sock: socket.socket, peer: str, application: Application, limits: Limits) -> None:
        self._socket = sock
        self._peer = peer
        self._application = application
        self._limits = limits
        self._stream = SocketStream(sock)
        self._ending = threading.Event()

    def serve(self) -> None:
        """Answer requests until either side ends it; the socket is closed afterwards."""
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._one():
                pass
        except (OSError, ConnectionEndedError):
            pass  # the client went away: nobody is left to be told
        finally:
            self._socket.close()

    def take_no_more(self) -> None:
        """Let the running request be the last; its answer says so."""
        self._ending.set()

    def end(self, *, now: bool) -> None:
        """Take no further request; `now` also cuts off the one that is running."""
        self.take_no_more()
        with contextlib.suppress(OSError):  # the connection may have ended by itself
            self._socket.shutdown(socket.SHUT_RDWR if now else socket.SHUT_RD)

    def _one(self) -> bool:
        self._stream.set_timeout(self._limits.idle)
        try:
            if self._ending.is_set() or not self._stream.wait():
                return False
        except TimeoutError:
            return False
        self._stream.set_timeout(self._limits.read)
        try:
            return self._exchange()
        except HttpProtocolError as error:
            self._refuse(problem(error.status, "The request is refused", error.detail))
        except TimeoutError:
            self._refuse(problem(408, "Request timeout", f"nothing came for {self._limits.read:g} s"))
        return False

    def _exchange(self) -> bool:
        head = parse_head(self._stream.head(self._limits.head), self._limits, self._peer)
        framing = framing_of(head, self._limits)
        refusal = self._application.admit(head)
        if refusal is not None:
            self._refuse(refusal, head.method)
            return False
        self._continue(head, needed=not framing.empty)
        body = read_body(self._stream, framing, self._limits)
        try:
            response = self._answer(head, body)
        finally:
            body.close()
        close = self._ending.is_set() or _wants_close(head)
        if response.stream is not None:
            return self._send_stream(response, response.stream, head, close=close)
        self._send(response, head.method, close=close)
        return not close

    def _send_stream(self, response: HttpResponse, stream: Stream, head: RequestHead, *, close: bool) -> bool:
        """Send a body as it comes; what breaks off in the middle ends without the last chunk."""
        try:
            if head.version == "HTTP/1.0":  # knows no chunks, and seldom streams
                whole = HttpResponse(response.status, response.headers, b"".join(stream))
                self._send(whole, head.method, close=close)
                return not close
            self._send(response, head.method, close=close)
            if has_body(response.status, head.method):
                for chunk in chunks(stream):
                    self._socket.sendall(chunk)
        except StreamBrokenError as error:
            _log.warning("%s %s: the answer broke off: %s", head.method, head.path, error)
            return False
        finally:
            stream.close()
        return not close

    def _continue(self, head: RequestHead, *, needed: bool) -> None:
        expected = head.headers.get("expect")
        if expected is None or head.version == "HTTP/1.0":
            return
        if expected.lower() != "100-continue":
            raise HttpProtocolError(417, "Expect is '100-continue' or absent")
        if needed:
            self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answer(self, head: RequestHead, body: Body) -> HttpResponse:
        try:
            return self._application.answer(HttpRequest(head, body))
        except Exception:  # noqa: BLE001 - the outermost frame: whatever is wrong, the client gets no traceback
            _log.exception("%s %s could not be answered", head.method, head.path)
            return problem(500, "Internal error", "the emulator failed on this request; its log says how")

    def _send(self, response: HttpResponse, method: str, *, close: bool) -> None:
        try:
            data = encode(response, method, close=close)
        except ValueError:
            _log.exception("a response could not be sent")
            data = encode(
                problem(500, "Internal error", "a response header cannot be sent"), method, close=close
            )
        self._socket.settimeout(self._limits.write)
        for start in range(0, len(data), _SEND_BLOCK):  # sendall's timeout is for all it is given
            self._socket.sendall(memoryview(data)[start : start + _SEND_BLOCK])

    def _refuse(self, response: HttpResponse, method: str = "GET") -> None:
        """Answer without having read everything, so that the client still gets to see the answer.

        Closing a socket with unread bytes sends a reset, which discards what the client has not read yet
        (RFC 9112 9.6): stop sending, read on for a moment, then close.
        """
        self._send(response, method, close=True)
        self._socket.shutdown(socket.SHUT_WR)
        self._stream.set_timeout(_LINGER_S)
        deadline = time.monotonic() + _LINGER_S
        while time.monotonic() < deadline:
            self._stream.block(_SEND_BLOCK)


def _wants_close(head: RequestHead) -> bool:
    options = {
        option.strip().lower() for value in head.headers.all("connection") for option in value.split(",")
    }
    if head.version == "HTTP/1.0":
        return "keep-alive" not in options
    return "close" in options
