"""Bytes from a socket, by line, by block and by count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.http.errors import ConnectionEndedError, HttpProtocolError

if TYPE_CHECKING:
    import socket

_RECEIVE = 64 * 1024
_HEAD_END = b"\r\n\r\n"


class SocketStream:
    """Reads ahead: one system call usually fetches a whole request, and pipelined ones stay buffered."""

    __slots__ = ("_buffer", "_socket")

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = b""

    def set_timeout(self, seconds: float) -> None:
        """Wait at most this long for the next bytes."""
        self._socket.settimeout(seconds)

    def wait(self) -> bool:
        """Wait for the first byte of a request; False when the client has closed instead."""
        while self._buffer[:2] == b"\r\n" or not self._buffer:  # RFC 9112 2.2: ignore an empty line before
            self._buffer = self._buffer[2:]
            if not self._buffer and not self._fill():
                return False
        return True

    def head(self, limit: int) -> bytes:
        """Give everything up to the empty line that ends the header fields, without it."""
        searched = 0
        while (end := self._buffer.find(_HEAD_END, searched)) < 0:
            if len(self._buffer) > limit:
                raise HttpProtocolError(431, f"the request's head is over {limit} bytes")
            _refuse_bare_newline(self._buffer)
            searched = max(0, len(self._buffer) - len(_HEAD_END) + 1)
            self._fill_or_end()
        if end > limit:
            raise HttpProtocolError(431, f"the request's head is over {limit} bytes")
        head, self._buffer = self._buffer[:end], self._buffer[end + len(_HEAD_END) :]
        return head

    def line(self, limit: int) -> bytes:
        """Give the next line without its CRLF."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > limit or b"\n" in self._buffer:
                raise HttpProtocolError(
                    400, f"a line of a chunked body is not ended by CRLF within {limit} bytes"
                )
            self._fill_or_end()
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line

    def block(self, most: int) -> bytes:
        """Give some bytes, at least one and at most `most`."""
        if not self._buffer:
            self._fill_or_end()
        block, self._buffer = self._buffer[:most], self._buffer[most:]
        return block

    def exactly(self, count: int) -> bytes:
        """Give so many bytes."""
        if len(self._buffer) >= count:
            data, self._buffer = self._buffer[:count], self._buffer[count:]
            return data
        whole = bytearray(count)
        view, have = memoryview(whole), len(self._buffer)
        view[:have], self._buffer = self._buffer, b""
        while have < count:
            received = self._socket.recv_into(view[have:])
            if not received:
                raise ConnectionEndedError
            have += received
        return bytes(whole)

    def _fill(self) -> bool:
        received = self._socket.recv(_RECEIVE)
        self._buffer += received
        return bool(received)

    def _fill_or_end(self) -> None:
        if not self._fill():
            raise ConnectionEndedError


def _refuse_bare_newline(head: bytes) -> None:
    """Refuse at once what would never find its end: lines ended by LF alone, which proxies tell otherwise."""
    if head.count(b"\n") != head.count(b"\r\n"):
        raise HttpProtocolError(400, "header lines end with CRLF; a bare LF was received")
