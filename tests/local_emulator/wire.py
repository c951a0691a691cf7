"""Raw HTTP over a real socket, for what no client library would send."""

from __future__ import annotations

import http.client
import io
import socket
from dataclasses import dataclass


@dataclass
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def header(self, name: str) -> str | None:
        return self.headers.get(name)


class _Fixed:
    """What http.client reads a response from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def raw(port: int, data: bytes, timeout: float = 10.0) -> bytes:
    """Send these bytes, then read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        sock.sendall(data)
        received = b""
        while block := sock.recv(65536):
            received += block
    return received


def parsed(data: bytes, method: str = "GET") -> Reply:
    response = http.client.HTTPResponse(_Fixed(data), method=method)  # type: ignore[arg-type]
    response.begin()
    return Reply(response.status, response.msg, response.read())


def send(
    port: int,
    method: str,
    target: str,
    *,
    host: str | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Reply:
    """Send one request on a connection of its own."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return parsed(raw(port, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body), method)
