"""The workers of one app: calls are dealt out in turn, and whichever ends is replaced."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.azure.errors import HostClosed, HostError, WorkerGone
from local_emulator.azure.workers.contracts import Failure, Outcome
from local_emulator.azure.workers.worker import Worker

if TYPE_CHECKING:
    from local_emulator.aws.execution.warden import Warden
    from local_emulator.azure.workers.contracts import Call, Index, WorkerPlan

_log = logging.getLogger(__name__)
_PATIENCE_S = 60.0  # for a worker to be there; Azure's front end would have given up, too
_PAUSES_S = (0.0, 0.1, 0.5, 1.0, 2.0)  # before a replacement is started, growing while they fail


@dataclass(frozen=True, slots=True)
class PinnedWorker:
    """A certain worker, and where it takes requests itself."""

    worker: Worker
    http_url: str

    def invoke(self, call: Call) -> Outcome:
        """Run on this worker; its end is a failure of the run."""
        try:
            return self.worker.invoke(call)
        except HostError as error:
            return Outcome(failure=Failure(str(error)))


class WorkerPool:
    """Any number of workers of one plan. `start` indexes with the first; the rest follow by themselves."""

    def __init__(self, plan: WorkerPlan, count: int, warden: Warden) -> None:
        self._plan = plan
        self._count = count
        self._warden = warden
        self._changed = threading.Condition()
        self._ready: list[tuple[Worker, Index]] = []
        self._all: set[Worker] = set()
        self._starting: list[threading.Thread] = []
        self._turn = 0
        self._closed = False
        self._given_up = False

    def start(self) -> Index:
        """Start every worker; give what the first found. Raises HostError when the app cannot be indexed."""
        index = self._add()
        for _ in range(self._count - 1):
            self._replace()
        return index

    def invoke(self, call: Call) -> Outcome:
        """Run on the next worker in turn, waiting for one if there is none."""
        try:
            worker, _ = self._next()
        except HostError as error:
            return Outcome(failure=Failure(str(error)))
        return PinnedWorker(worker, "").invoke(call)

    def pin(self) -> PinnedWorker:
        """Give the next worker in turn, for who speaks to it directly. Raises WorkerGone and HostClosed."""
        worker, index = self._next()
        return PinnedWorker(worker, index.http_url or "")

    def pids(self) -> list[int]:
        """Give the processes that take calls at this moment."""
        with self._changed:
            return [worker.pid for worker, _ in self._ready]

    def close(self) -> None:
        """End every worker and wait for it. Running calls fail."""
        with self._changed:
            self._closed = True
            workers, starting = list(self._all), list(self._starting)
            self._changed.notify_all()
        for worker in workers:
            worker.close()
        for thread in starting:
            thread.join()
        for worker in list(self._all):  # one may have begun to start while the others were closed
            worker.close()

    def _next(self) -> tuple[Worker, Index]:
        with self._changed:
            self._changed.wait_for(lambda: self._usable() or self._closed or self._given_up, _PATIENCE_S)
            if self._closed:
                raise HostClosed("the host is closed and runs nothing any more")
            usable = self._usable()
            if not usable:
                raise WorkerGone("no worker process is ready; the log says why")
            self._turn = (self._turn + 1) % len(usable)
            return usable[self._turn]

    def _usable(self) -> list[tuple[Worker, Index]]:
        """Give the ready workers but those that were just ended, of which `_ended` is yet to be told."""
        return [entry for entry in self._ready if not entry[0].was_killed]

    def _add(self) -> Index:
        with self._changed:
            if self._closed:
                raise HostClosed("the host is closed and starts no workers")
            worker = Worker(self._plan, self._warden, self._ended)
            self._all.add(worker)
        try:
            index = worker.start()
        except HostError:
            worker.close()
            self._all.discard(worker)
            raise
        with self._changed:
            if worker not in self._all:
                raise WorkerGone("the worker process ended right after it had started")
            self._ready.append((worker, index))
            self._changed.notify_all()
        return index

    def _ended(self, worker: Worker) -> None:
        """Take note of a worker's end, in the thread that read its socket, and see to another."""
        with self._changed:
            was_ready = any(ready is worker for ready, _ in self._ready)
            self._ready = [entry for entry in self._ready if entry[0] is not worker]
            if self._closed:
                return
            self._all.discard(worker)
        worker.kill()
        if not was_ready:  # whoever starts it finds out
            return
        _log.warning("worker process %d ended; another is started", worker.pid)
        self._replace()

    def _replace(self) -> None:
        thread = threading.Thread(target=self._keep_trying, name="azure-worker-start", daemon=True)
        with self._changed:
            self._starting = [other for other in self._starting if other.is_alive()]
            self._starting.append(thread)
            self._given_up = False
            thread.start()

    def _keep_trying(self) -> None:
        for pause in _PAUSES_S:
            with self._changed:
                self._changed.wait_for(lambda: self._closed, pause)
            try:
                self._add()
            except HostClosed:
                return
            except HostError as error:
                _log.error("a worker process could not be started: %s", error)
            else:
                return
        _log.error("no further worker is started: %d tries failed in a row", len(_PAUSES_S))
        with self._changed:
            self._given_up = True
            self._changed.notify_all()
