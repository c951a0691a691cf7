"""What the invoking thread waits on: the runtime client's connections, its output, its memory, its end.

No server and no other thread: each instance has a listener of its own on 127.0.0.1, as each of Lambda's virtual
machines has, and whoever invokes polls it. A warm invocation is one send, one poll and one receive.
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from local_emulator.aws.execution.runtime_api import (
    NOT_FOUND,
    Call,
    MalformedRequest,
    RequestReader,
    RuntimeRequest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.limits import Limits
    from local_emulator.aws.execution.process import RuntimeProcess

_RECEIVE = 1 << 18
_FRESH_S = 0.01
_HUNG_UP = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class End(Enum):
    """Why no request will come."""

    EXITED = auto()
    TIMED_OUT = auto()
    OUT_OF_MEMORY = auto()


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    reader: RequestReader


class Channel:
    """The Runtime API of one process, spoken by the thread that calls `wait` and `answer`.

    Output gathers in `output`, which the owner empties; `tick` is called every now and then during a long wait.
    """

    __slots__ = (
        "_asking",
        "_connections",
        "_limits",
        "_listener",
        "_memory_checked",
        "_memory_limit_kb",
        "_poll",
        "_process",
        "_tick",
        "output",
        "peak_memory_kb",
    )

    def __init__(
        self,
        process: RuntimeProcess,
        listener: socket.socket,
        memory_limit_kb: int,
        limits: Limits,
        output: bytearray,
        tick: Callable[[], None],
    ) -> None:
        self._tick = tick
        self._process = process
        self._listener = listener
        self._memory_limit_kb = memory_limit_kb
        self._limits = limits
        self._connections: dict[int, _Connection] = {}
        self._asking: _Connection | None = None
        self._memory_checked = 0.0
        self.output = output
        self.peak_memory_kb = 0
        self._poll = select.poll()
        for descriptor in (listener.fileno(), process.output, process.ended):
            self._poll.register(descriptor, select.POLLIN)

    def wait(self, deadline: float) -> RuntimeRequest | End:
        """Wait for the next request, until `deadline` by time.monotonic."""
        while True:
            now = time.monotonic()
            if now - self._memory_checked >= self._limits.memory_poll_s:
                if self._is_over_memory(now):
                    return End.OUT_OF_MEMORY
                self._tick()
            if now >= deadline:
                return End.TIMED_OUT
            wait_s = min(deadline - now, self._limits.memory_poll_s)
            ended = False
            for descriptor, events in self._poll.poll(wait_s * 1000 + 0.5):
                connection = self._connections.get(descriptor)
                if connection is not None:
                    request = self._receive(connection)
                    # What has asked for the next invocation and hung up since must not be given it.
                    gone = ended or events & _HUNG_UP
                    if request is not None and not (gone and request.call is Call.NEXT):
                        return request
                else:
                    ended |= self._serve(descriptor)
            if ended:
                return self._last_request() or End.EXITED

    def answer(self, *parts: bytes, deadline: float) -> bool:
        """Answer the request that `wait` gave last; False when the client is gone or doesn't take it in time."""
        if self._asking is None:
            return False
        try:
            sent = self._asking.socket.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:  # gone; `wait` says what became of the process
            return False
        for part in parts:
            if sent < len(part) and not self._send_rest(
                self._asking.socket, memoryview(part)[sent:], deadline
            ):
                return False
            sent = max(0, sent - len(part))
        return True

    def settle(self) -> bool:
        """Take what the process has written up to now; False when it has meanwhile been over its memory.

        The kernel keeps the peak, so nothing is missed when the last look was a moment ago.
        """
        self._keep(self._process.pending_output())
        now = time.monotonic()
        return now - self._memory_checked < _FRESH_S or not self._is_over_memory(now)

    def close(self) -> None:
        """Close the sockets; the process is its owner's to end."""
        for connection in self._connections.values():
            connection.socket.close()
        self._connections.clear()
        self._listener.close()

    def _serve(self, descriptor: int) -> bool:
        """Whether it is the end of the process that showed."""
        if descriptor == self._process.output:
            self._read_output()
        elif descriptor == self._process.ended:
            return True
        else:
            self._accept()
        return False

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):  # gone again before it was taken
            return
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accepted.setblocking(False)
        host, port = self._listener.getsockname()
        reader = RequestReader(self._limits.response, f"{host}:{port}")
        self._connections[accepted.fileno()] = _Connection(accepted, reader)
        self._poll.register(accepted, select.POLLIN | select.POLLRDHUP)

    def _receive(self, connection: _Connection) -> RuntimeRequest | None:
        try:
            data = connection.socket.recv(_RECEIVE)
            request = connection.reader.feed(data) if data else None
        except BlockingIOError:
            return None
        except MalformedRequest as error:
            self._keep(f"{error}\n".encode())
            data = b""
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return None
        if request is None:
            return None
        self._asking = connection
        if request.call is Call.UNKNOWN:
            self.answer(NOT_FOUND, deadline=time.monotonic() + 1)
            return None
        return request

    def _drop(self, connection: _Connection) -> None:
        self._poll.unregister(connection.socket)
        del self._connections[connection.socket.fileno()]
        connection.socket.close()
        if self._asking is connection:
            self._asking = None

    def _last_request(self) -> RuntimeRequest | None:
        """What a process sent in its last moment may arrive together with its end."""
        for connection in list(self._connections.values()):
            request = self._receive(connection)
            if request is not None and request.call is not Call.NEXT:
                return request
        return None

    def _read_output(self) -> None:
        data = self._process.read_output()
        self._keep(data)
        if not data:  # closed by the function; polling it any longer would spin
            self._poll.unregister(self._process.output)

    def _keep(self, data: bytes) -> None:
        room = self._limits.log - len(self.output)
        if len(data) <= room:
            self.output += data
        elif room >= 0:  # what comes after this is over the limit already, and read only to be dropped
            self.output += (
                data[:room] + b"\nThe emulator drops the rest: over %d bytes of log\n" % self._limits.log
            )

    def _is_over_memory(self, now: float) -> bool:
        self._memory_checked = now
        self.peak_memory_kb = max(self.peak_memory_kb, self._process.peak_memory_kb())
        return self.peak_memory_kb > self._memory_limit_kb

    def _send_rest(self, client: socket.socket, rest: memoryview, deadline: float) -> bool:
        writable = select.poll()
        writable.register(client, select.POLLOUT)
        writable.register(self._process.ended, select.POLLIN)
        while rest and (left := deadline - time.monotonic()) > 0:
            ready = dict(writable.poll(left * 1000 + 0.5))
            if self._process.ended in ready:
                return False
            try:
                rest = rest[client.send(rest) :]
            except BlockingIOError:
                continue
            except OSError:
                return False
        return not rest
