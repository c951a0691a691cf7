"""The listening socket and its connections."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
import time
from typing import TYPE_CHECKING, Self

from local_emulator.http.connection import Connection
from local_emulator.http.limits import Limits
from local_emulator.http.messages import problem
from local_emulator.http.writer import encode

if TYPE_CHECKING:
    from local_emulator.http.connection import Application

_log = logging.getLogger(__name__)
_BACKLOG = 512
LOOPBACK = "127.0.0.1"


def listen(port: int) -> socket.socket:
    """Open a listening socket on 127.0.0.1 (0: any free port). Raises OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def listen_from(port: int, tries: int = 100) -> socket.socket:
    """Open a listening socket on this port, or on the first free one after it."""
    for candidate in range(port, port + tries):
        try:
            return listen(candidate)
        except OSError as error:
            _log.debug("port %d: %s", candidate, error)
    raise OSError(f"no free port from {port} to {port + tries - 1} on {LOOPBACK}; give another with --port")


class HttpServer:
    """Serves an application on a listening socket, a thread for each connection."""

    def __init__(
        self, listener: socket.socket, application: Application, limits: Limits | None = None
    ) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]
        self._application = application
        self._limits = limits or Limits()
        self._wake, self._waker = socket.socketpair()
        self._lock = threading.Lock()
        self._connections: dict[Connection, threading.Thread] = {}
        self._acceptor = threading.Thread(target=self._accept, name="front-accept", daemon=True)

    def start(self) -> Self:
        """Begin to accept."""
        self._acceptor.start()
        return self

    def close(self) -> None:
        """Stop accepting, give running requests `limits.drain` seconds, and leave no thread or socket."""
        with contextlib.suppress(OSError):  # a second close finds the socket gone
            self._waker.send(b"x")
        if self._acceptor.is_alive():
            self._acceptor.join()
        self._listener.close()
        self._wake.close()
        self._waker.close()
        self._end_all(now=False)
        self._join_all(self._limits.drain)
        self._end_all(now=True)
        self._join_all(self._limits.drain)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        # select and not a closed listener: closing a socket does not wake an accept() on every system.
        while True:
            ready, _, _ = select.select([self._listener, self._wake], [], [])
            if self._wake in ready:
                return
            try:
                sock, address = self._listener.accept()
            except OSError as error:  # the client is gone again, or there are no file descriptors left
                _log.warning("a connection could not be accepted: %s", error)
                time.sleep(0.01)
                continue
            self._admit(sock, address[0])

    def _admit(self, sock: socket.socket, peer: str) -> None:
        connection = Connection(sock, peer, self._application, self._limits)
        thread = threading.Thread(target=self._run, args=(connection,), name="front-connection", daemon=True)
        with self._lock:
            full = len(self._connections) >= self._limits.connections
            if not full:
                self._connections[connection] = thread
        if full:
            _turn_away(sock, self._limits.connections)
            return
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            _log.exception("a connection gets no thread")
            with self._lock:
                del self._connections[connection]
            _turn_away(sock, self._limits.connections)

    def _run(self, connection: Connection) -> None:
        try:
            connection.serve()
        finally:
            with self._lock:
                del self._connections[connection]

    def _end_all(self, *, now: bool) -> None:
        with self._lock:
            connections = list(self._connections)
        for connection in connections:  # all are told before the first client can notice
            connection.take_no_more()
        for connection in connections:
            connection.end(now=now)

    def _join_all(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._lock:
            threads = list(self._connections.values())
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _turn_away(sock: socket.socket, most: int) -> None:
    detail = f"{most} connections are open, the most this server takes; close some"
    with sock, contextlib.suppress(OSError):
        sock.settimeout(1.0)
        sock.sendall(encode(problem(503, "Too many connections", detail), "GET", close=True))
