"""A load generator: a number of connections that are never idle, one process, no threads."""

from __future__ import annotations

import json
import re
import select
import socket
from contextlib import ExitStack
from time import perf_counter
from typing import Any

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def request(path: str, body: Any) -> bytes:
    """A POST of JSON, as the wire carries it."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(content)}\r\n"
    return head.encode() + b"content-type: application/json\r\n\r\n" + content


def ask(port: int, sent: bytes, timeout: float = 30) -> Any:
    """One answer's JSON. Raises OSError, or RuntimeError for anything but 200."""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(sent)
        return json.loads(_response(connection).partition(b"\r\n\r\n")[2])


def load(port: int, sent: bytes, connections: int, seconds: float) -> list[float]:
    """Keep so many connections busy for a time: seconds that each call took."""
    with ExitStack() as stack, select.epoll() as waiting:
        clients = {}
        for _ in range(connections):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(client, select.EPOLLIN)
            clients[client.fileno()] = client
        end = perf_counter() + seconds
        started = {}
        for number, client in clients.items():
            started[number] = perf_counter()
            client.sendall(sent)
        times = []
        while perf_counter() < end:
            for number, _ in waiting.poll(1):
                _response(clients[number])
                now = perf_counter()
                times.append(now - started[number])
                started[number] = now
                clients[number].sendall(sent)
        return times


def _response(connection: socket.socket) -> bytes:
    """One whole response; anything but 200 is an error."""
    found = connection.recv(262144)
    while b"\r\n\r\n" not in found:
        found += _more(connection, 262144)
    head = found.partition(b"\r\n\r\n")[0]
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"answered {found[:500]!r}")
    length = _LENGTH.search(head)
    if length is None:
        raise RuntimeError(f"answered without a length: {head[:200]!r}")
    missing = len(head) + 4 + int(length[1]) - len(found)
    while missing > 0:
        part = _more(connection, missing)
        found += part
        missing -= len(part)
    return found


def _more(connection: socket.socket, size: int) -> bytes:
    part = connection.recv(size)
    if not part:
        raise RuntimeError("the server closed the connection")
    return part
