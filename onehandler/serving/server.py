"""One worker: uvicorn on httptools and uvloop, with a connection to its parent."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from onehandler.serving.asgi import Application
from onehandler.serving.connections import Acceptor
from onehandler.serving.counts import Counts
from onehandler.serving.express import ExpressProtocol
from onehandler.serving.metrics import Metrics
from onehandler.serving.report import READY

if TYPE_CHECKING:
    from collections.abc import Generator

    from onehandler.serving.dispatch import Dispatch
    from onehandler.serving.report import Report
    from onehandler.serving.workers import Ties

_KEEP_ALIVE = (
    75  # seconds; longer than load balancers do (60), lest they send to a connection that is closing
)


@dataclass(frozen=True, slots=True)
class Place:
    """What ties a worker to its siblings and its parent.

    `lifeline` is a descriptor that becomes readable when the parent is gone.
    """

    listener: socket.socket
    counts: Counts
    metrics: Metrics
    worker: int
    report: Report
    lifeline: int

    @classmethod
    def at(cls, ties: Ties, worker: int, report: Report) -> Place:
        """The place of a worker, from the descriptors that it was given."""
        listener = socket.socket(fileno=ties.listener)
        listener.setblocking(False)
        counts = Counts(ties.counts, ties.workers)
        metrics = Metrics.at(ties.metrics, ties.workers, worker, counts.connections)
        return cls(listener, counts, metrics, worker, report, ties.lifeline)


class Server(uvicorn.Server):
    """uvicorn's server, taking its connections in turn with its siblings and its orders from its parent."""

    def __init__(self, dispatch: Dispatch, place: Place, drain: float) -> None:
        super().__init__(
            uvicorn.Config(
                Application(dispatch),
                http=ExpressProtocol,
                loop="uvloop",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=max(1, int(drain)),
            )
        )
        self._dispatch = dispatch
        self._place = place
        self._acceptor: Acceptor | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn calls it so
        """Take connections, and say so."""
        await super().startup(sockets=[])
        place = self._place
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return ExpressProtocol(self.config, self.server_state, self.lifespan.state, loop)

        def connected() -> int:
            return len(self.server_state.connections)

        self._acceptor = Acceptor(place.listener, protocol, connected, place.counts, place.worker)
        self._acceptor.publish()
        self._acceptor.start()
        loop.add_reader(place.lifeline, self._orphaned, loop)
        place.metrics.started()
        place.report.say(READY)

    async def on_tick(self, counter: int) -> bool:
        """Every 0.1 s: connections have ended meanwhile."""
        if self._acceptor is not None:
            self._acceptor.publish()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn calls it so
        """Answer what is under way, at most as long as the drain allows."""
        if self._acceptor is not None:
            await self._acceptor.stop()
        await super().shutdown(sockets=[])
        self._dispatch.close()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End on the parent's SIGTERM; Ctrl-C reaches the whole group, and is the parent's to handle."""
        signal.signal(signal.SIGTERM, self.handle_exit)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        yield

    def _orphaned(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.remove_reader(self._place.lifeline)
        self.should_exit = True
