"""Where a request is answered: on the event loop, or on a thread that may wait.

A model run on the event loop holds up every other request, but handing over to a thread takes 0.1 to 0.3 ms:
small requests to a model that has been quicker than that stay on the loop, and so does what runs no model.

Few threads run, so that runs don't push each other out of the caches; so many requests may wait for them, and those
beyond are refused at once: a queue without an end would answer all of them too late.
"""

from __future__ import annotations

import asyncio
import signal
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, thread_time
from typing import TYPE_CHECKING

from onehandler.errors import TimedOut, Unavailable
from onehandler.handler import Handler
from onehandler.serving.metrics import Metrics
from onehandler.serving.refusing import refused
from onehandler.serving.room import Room
from onehandler.serving.settings import ServingSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from onehandler.message import Request, Response
    from onehandler.protocols import Served
    from onehandler.serving.micro_batching import MicroBatcher

SMALL = 16 * 1024  # bytes of a body
QUICK = 0.0005  # seconds
_STALL = 0.01  # seconds: one call that long sends the next 30 or more to threads
_THREADS = 2  # one decodes while the other runs: more runs at once push each other out of the caches
_WAITING_THREADS = 8
_MEASURED_EVERY = 16  # requests: asking for a thread's CPU time is a system call
_NO_RUN = ("GET", "HEAD", "OPTIONS")
_NO_MODEL = (
    "/ping",
    "/healthz",
    "/livez",
    "/metrics",
)  # of several, a request for any other path may load one


class Dispatch:
    """Answers for what is served.

    `seconds` is what a small request is expected to take; slow if not said. `answer` stands before the handler's own;
    `clock` says how long that took.
    """

    def __init__(
        self,
        handler: Served,
        batcher: MicroBatcher | None = None,
        seconds: float = 10 * QUICK,
        *,
        settings: ServingSettings = ServingSettings(),  # noqa: B008 - it is frozen
        metrics: Metrics | None = None,
        answer: Callable[[Request], Response] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self.handler = handler
        self.settings = settings
        self._answer = answer or handler.answer
        self._metrics = metrics or Metrics.alone()
        self._batcher = batcher
        self._seconds = seconds
        self._may_load = not isinstance(handler, Handler)
        self._may_wait = type(handler) is not Handler  # with code of a bundle's own, or to be loaded first
        # Where nothing waits, CPU time is the measure: whoever else uses the machine makes no model slow.
        self._clock = clock or (perf_counter if self._may_wait else thread_time)
        threads = _WAITING_THREADS if self._may_wait else _THREADS
        # As many requests as one run joins may wait while as many others run.
        self._threads = max(threads, 2 * batcher.max_rows if batcher else 0)
        self._pool = ThreadPoolExecutor(self._threads, "onehandler")
        self._most = self._threads + settings.max_waiting
        self.room = Room(settings.max_held)
        self._handed = 0  # requests that threads have or are to have
        self._stuck = 0  # threads that had twice the time and go on
        self._unmeasured = (
            0  # requests until the next that is measured, while the model is quick beyond doubt
        )

    def at_once(self, request: Request) -> bool:
        """Whether the event loop may answer it: nobody would notice, and nothing is to be waited for."""
        if self._may_load:
            return request.path in _NO_MODEL
        if request.method in _NO_RUN:
            return True
        idle = self._batcher is None or self._batcher.idle
        return idle and self._seconds < QUICK and len(request.body) <= SMALL

    def now(self, request: Request) -> Response:
        """Answer on the calling thread, which is the event loop's."""
        started = perf_counter()
        if self._batcher is not None:
            self._batcher.join()
        try:
            response = self._timed(request, 1)
        finally:
            if self._batcher is not None:
                self._batcher.leave()
        self._metrics.answered(response, perf_counter() - started)
        return response

    async def answer(self, request: Request) -> Response:
        """Answer here or on a thread; refuse what cannot be answered in time."""
        if self.at_once(request):
            return self.now(request)
        if self._handed >= self._most:
            return self.turned_away(
                request, Unavailable("too many requests wait already; send it again later")
            )
        started = perf_counter()
        response = await self._handed_over(request)
        self._metrics.answered(response, perf_counter() - started)
        return response

    def turned_away(self, request: Request, error: Unavailable) -> Response:
        """What to say to a request that there is no room for."""
        response = refused(request, error)
        self._metrics.overloaded()
        self._metrics.answered(response, 0.0)
        return response

    def close(self) -> None:
        """Let threads go that have nothing to do."""
        self._pool.shutdown(wait=False)

    async def _handed_over(self, request: Request) -> Response:
        """The answer of a thread, or a refusal when the time is over.

        A thread that has begun cannot be stopped: until it ends, it counts as what it is, one thread fewer.
        """
        self._hand(1)
        if self._batcher is not None:
            self._batcher.join()  # before its thread has started: those whose runs are ready wait for it
        sharing = min(self._handed, self._threads) if self._may_wait else 1
        work = self._pool.submit(self._timed, request, sharing)
        seconds = self.settings.timeout
        try:
            return await asyncio.wait_for(asyncio.wrap_future(work), seconds or None)
        except TimeoutError:
            self._metrics.timed_out()
            late = TimedOut(f"it was not answered within {seconds:g} seconds; send less in one request")
            return refused(request, late)
        finally:
            self._let_go(work)

    def _let_go(self, work: Future[Response]) -> None:
        """Count the work as done, now or when it is."""
        if work.done() or work.cancel():
            self._hand(-1)
            if self._batcher is not None:
                self._batcher.leave()
        else:
            loop = asyncio.get_running_loop()
            work.add_done_callback(lambda done: _call(loop, self._let_go, done))
            if self.settings.timeout:
                loop.call_later(self.settings.timeout, self._give_up_on, work)

    def _give_up_on(self, work: Future[Response]) -> None:
        """Count a thread that had its time twice as lost, and end this process when all are: it answers nothing more.

        Its parent starts another.
        """
        if work.done():
            return
        self._stuck += 1
        loop = asyncio.get_running_loop()
        work.add_done_callback(lambda _: _call(loop, self._found_again))
        if self._stuck == self._threads:
            self.handler.telemetry.log("ERROR", "all threads are stuck in the model: this worker ends", {})
            signal.raise_signal(signal.SIGTERM)

    def _found_again(self) -> None:
        self._stuck -= 1

    def _hand(self, change: int) -> None:
        self._handed += change
        self._metrics.handed(min(self._handed, self._threads), max(0, self._handed - self._threads))

    def _timed(self, request: Request, sharing: int) -> Response:
        """Answer, and learn how long small requests take: `sharing` threads at once hold each other up."""
        self._unmeasured -= 1
        if self._unmeasured > 0 and self._seconds < QUICK / 2:
            return self._answer(request)
        self._unmeasured = _MEASURED_EVERY
        started = self._clock()
        response = self._answer(request)
        if len(request.body) <= SMALL and request.method not in _NO_RUN:
            seconds = (self._clock() - started) / sharing
            if seconds < _STALL:  # perhaps put aside by the scheduler: no reason to call a quick model slow
                seconds = min(seconds, 4 * QUICK)
            self._seconds += (seconds - self._seconds) / 8
        return response


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *given: object) -> None:
    """Call a function on the event loop, from another thread; not if the worker has ended meanwhile."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(function, *given)
