"""Where a request is answered: on the event loop, or on a thread that may wait.

A model run on the event loop holds up every other request, but handing over to a thread takes 0.1 to 0.3 ms:
small requests to a model that has been quicker than that stay on the loop, and so does what runs no model.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, thread_time
from typing import TYPE_CHECKING

from onehandler.handler import Handler

if TYPE_CHECKING:
    from onehandler.message import Request, Response
    from onehandler.serving.micro_batching import MicroBatcher

SMALL = 16 * 1024  # bytes of a body
QUICK = 0.0005  # seconds
_STALL = 0.01  # seconds: one call that long sends the next 30 or more to threads
_THREADS = 2  # one decodes while the other runs: more runs at once push each other out of the caches
_WAITING_THREADS = 8
_MEASURED_EVERY = 16  # requests: asking for a thread's CPU time is a system call
_NO_RUN = ("GET", "HEAD", "OPTIONS")


class Dispatch:
    """Answers for one handler. `seconds` is what a small request is expected to take; slow if not said."""

    def __init__(
        self, handler: Handler, batcher: MicroBatcher | None = None, seconds: float = 10 * QUICK
    ) -> None:
        self.handler = handler
        self._batcher = batcher
        self._seconds = seconds
        self._may_wait = type(handler) is not Handler  # with code of the bundle's own
        # Where nothing waits, CPU time is the measure: whoever else uses the machine makes no model slow.
        self._clock = perf_counter if self._may_wait else thread_time
        threads = _WAITING_THREADS if self._may_wait else _THREADS
        # As many requests as one run joins may wait while as many others run.
        self._threads = max(threads, 2 * batcher.max_rows if batcher else 0)
        self._pool = ThreadPoolExecutor(self._threads, "onehandler")
        self._handed = 0  # requests that threads have or are to have
        self._unmeasured = (
            0  # requests until the next that is measured, while the model is quick beyond doubt
        )

    def at_once(self, request: Request) -> bool:
        """Whether the event loop may answer it: nobody would notice, and nothing is to be waited for."""
        if request.method in _NO_RUN:
            return True
        idle = self._batcher is None or self._batcher.idle
        return idle and self._seconds < QUICK and len(request.body) <= SMALL

    def now(self, request: Request) -> Response:
        """Answer on the calling thread."""
        if self._batcher is None:
            return self._timed(request, 1)
        self._batcher.join()
        try:
            return self._timed(request, 1)
        finally:
            self._batcher.leave()

    async def answer(self, request: Request) -> Response:
        """Answer here or on a thread."""
        if self.at_once(request):
            return self.now(request)
        self._handed += 1
        if self._batcher is not None:
            self._batcher.join()  # before its thread has started: those whose runs are ready wait for it
        try:
            sharing = min(self._handed, self._threads) if self._may_wait else 1
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._timed, request, sharing)
        finally:
            self._handed -= 1
            if self._batcher is not None:
                self._batcher.leave()

    def close(self) -> None:
        """Let threads go that have nothing to do."""
        self._pool.shutdown(wait=False)

    def _timed(self, request: Request, sharing: int) -> Response:
        """Answer, and learn how long small requests take: `sharing` threads at once hold each other up."""
        self._unmeasured -= 1
        if self._unmeasured > 0 and self._seconds < QUICK / 2:
            return self.handler.answer(request)
        self._unmeasured = _MEASURED_EVERY
        started = self._clock()
        response = self.handler.answer(request)
        if len(request.body) <= SMALL and request.method not in _NO_RUN:
            seconds = (self._clock() - started) / sharing
            if seconds < _STALL:  # perhaps put aside by the scheduler: no reason to call a quick model slow
                seconds = min(seconds, 4 * QUICK)
            self._seconds += (seconds - self._seconds) / 8
        return response
