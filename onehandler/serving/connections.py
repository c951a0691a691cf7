"""New connections, shared out evenly among workers that listen on one socket.

The kernel wakes whichever worker it likes, and both event loops take all that waits in one go, so that one worker
may end up with every keep-alive connection while its siblings idle; SO_REUSEPORT hashes addresses, which with
eight connections and two workers is often 6 to 2. Here a worker takes one connection at a time, and lets those
pass for a moment that a sibling with fewer connections may take.
"""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from onehandler.serving.counts import Counts

_PATIENCE = 0.005  # seconds; a sibling that hasn't taken it by then is busy
_CHANCES = 8  # so many connections in a row that no sibling took
_DISTRUST = 1.0  # seconds; so long nothing is left to siblings after that
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_EXHAUSTION = 1.0  # seconds; asking again at once would not free a descriptor


class Acceptor:
    """Takes one worker's connections; `connected` tells how many it has."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        connected: Callable[[], int],
        counts: Counts,
        worker: int,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._connected = connected
        self._counts = counts
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        self._chances = _CHANCES
        self._trusting = 0.0  # from this time on of the loop's clock
        self._arriving = 0  # taken, but not with a protocol yet
        self._opening: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Take connections from now on."""
        self._loop.add_reader(self._listener, self._readable)

    def publish(self) -> None:
        """Tell the siblings how many connections this worker has."""
        self._counts.publish(self._worker, self._connected() + self._arriving)

    async def stop(self) -> None:
        """Take no more; those taken are with their protocol when this ends."""
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._listener)
        self._listener.close()
        if self._opening:
            await asyncio.wait(self._opening)

    def _readable(self) -> None:
        trusting = self._loop.time() >= self._trusting
        if trusting and self._counts.somebody_has_fewer(self._worker):
            self._rest(_PATIENCE)
        else:
            self._take()

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        """Take one that nobody else took, lest it wait for a sibling that is busy."""
        self.start()
        self._chances = self._chances - 1 if self._take() else _CHANCES
        if not self._chances:
            self._chances = _CHANCES
            self._trusting = self._loop.time() + _DISTRUST

    def _take(self) -> bool:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:  # a sibling was quicker, or the client has left already
            if error.errno in _EXHAUSTED:
                self._rest(_EXHAUSTION)
            return False
        self._arriving += 1
        opening = self._loop.create_task(self._open(connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        self.publish()
        return True

    async def _open(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # gone again before it was greeted
            connection.close()
        finally:
            self._arriving -= 1
            self.publish()
