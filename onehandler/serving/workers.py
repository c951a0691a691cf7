"""The parent of the workers: starts them, starts anew those that die, and ends them all in time.

Imports little: it is the rest of a process's life (see startup.py), and its memory counts.
"""

from __future__ import annotations

import os
import select
import signal
from time import monotonic

from onehandler.errors import Unavailable
from onehandler.serving.counts import Counts
from onehandler.serving.metrics import Metrics
from onehandler.serving.report import LONGEST, READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Final, TypeAlias

    from onehandler.telemetry import Telemetry

    # Starts the worker of a number; it is to write to the descriptor of its report, and to close the others, which
    # are its parent's alone. Gives its process id.
    Start: TypeAlias = Callable[[int, int, Sequence[int]], int]

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
_STOPPING = (signal.SIGTERM, signal.SIGINT)
_GRACE = 2.0  # seconds beyond the drain, for the interpreter to end
_BRIEF = 1.0  # seconds; one that lives no longer, again and again, is not started anew at once
_PATIENT = 2  # so many times it is, nevertheless


class Ties:
    """Descriptors that workers share with each other and with their parent.

    `lifeline` becomes readable when `anchor`, which the parent alone has, is closed.
    """

    __slots__ = ("anchor", "counts", "lifeline", "listener", "metrics", "workers")

    def __init__(
        self, listener: int, workers: int, counts: int, metrics: int, lifeline: int, anchor: int
    ) -> None:
        self.listener: Final = listener
        self.workers: Final = workers
        self.counts: Final = counts
        self.metrics: Final = metrics
        self.lifeline: Final = lifeline
        self.anchor: Final = anchor

    @classmethod
    def make(cls, listener: int, workers: int) -> Ties:
        """New ones, for a socket that listens."""
        return cls(listener, workers, Counts.make(workers), Metrics.make(workers), *os.pipe())


class _Worker:
    """A worker process. `report` is -1 once it has said what it had to say."""

    __slots__ = ("number", "pid", "report", "said", "started")

    def __init__(self, number: int, pid: int, report: int, said: bytes = b"") -> None:
        self.number: Final = number
        self.pid: Final = pid
        self.report = report
        self.said = said
        self.started: Final = monotonic()


class Workers:
    """Keeps all workers running; they have `drain` seconds to end. `running` are ids by number, all ready."""

    def __init__(
        self,
        start: Start,
        ties: Ties,
        drain: float,
        telemetry: Telemetry,
        running: Mapping[int, int] | None = None,
    ) -> None:
        self._start = start
        self._ties = ties
        self._drain = drain
        self._telemetry = telemetry
        self._counts = Counts(ties.counts, ties.workers)
        there = running or {}
        self._running = {pid: _Worker(number, pid, -1, READY) for number, pid in there.items()}
        self._due = {number: 0.0 for number in range(ties.workers) if number not in there}  # and when
        self._brief = dict.fromkeys(range(ties.workers), 0)  # lives that were so brief, in a row
        self._signals = os.pipe()
        self._stops = 0
        self._deadline = 0.0

    def run(self, ready: Callable[[Mapping[int, int]], None]) -> None:
        """Serve until SIGTERM or SIGINT.

        `ready` is called once with all ids by number when all workers take connections, with signals blocked: it may
        replace this program by one that goes on with them. Raises Unavailable with a worker's own words when one
        cannot start.
        """
        self._catch_signals()
        try:
            self._start_due()
            while any(worker.said != READY for worker in self._running.values()) and not self._stops:
                self._turn()
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            self._read_signals()  # those that came before; later ones wait until `ready` has returned or become more
            if not self._stops:
                ready({worker.number: pid for pid, worker in self._running.items()})
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            while not self._stops:
                self._turn()
        finally:
            self._end_all()
            self._release()

    def _catch_signals(self) -> None:
        for end in self._signals:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._signals[1], warn_on_full_buffer=False)
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)  # select is woken through the descriptor
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _release(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (*self._signals, *self._reports(), self._ties.lifeline, self._ties.anchor):
            os.close(descriptor)

    def _reports(self) -> list[int]:
        return [worker.report for worker in self._running.values() if worker.report >= 0]

    def _turn(self) -> None:
        """Wait for whatever comes next, and see to it."""
        self._reap()  # also those whose signal another program got
        self._start_due()
        reports = {worker.report: worker for worker in self._running.values() if worker.report >= 0}
        readable, _, _ = select.select([self._signals[0], *reports], [], [], self._patience())
        for descriptor in readable:
            if descriptor in reports:
                self._read_report(reports[descriptor])
            else:
                self._read_signals()
        self._reap()

    def _read_signals(self) -> None:
        try:
            self._stops += sum(number in _STOPPING for number in os.read(self._signals[0], 64))
        except BlockingIOError:  # there was none
            return

    def _patience(self) -> float | None:
        """Seconds until something is to be done unasked; None for ever."""
        times = list(self._due.values()) if not self._stops else [self._deadline]
        return max(0.0, min(times) - monotonic()) if times else None

    def _start_due(self) -> None:
        now = monotonic()
        for number in [number for number, at in self._due.items() if at <= now]:
            del self._due[number]
            reading, writing = os.pipe()
            pid = self._start(number, writing, (reading, *self._signals, *self._reports(), self._ties.anchor))
            os.close(writing)
            self._running[pid] = _Worker(number, pid, reading)

    def _read_report(self, worker: _Worker) -> None:
        content = os.read(worker.report, LONGEST)
        worker.said += content
        if not content or worker.said == READY:
            os.close(worker.report)
            worker.report = -1

    def _reap(self) -> None:
        for pid in list(self._running):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._ended(self._running.pop(pid), os.waitstatus_to_exitcode(status))

    def _ended(self, worker: _Worker, code: int) -> None:
        while worker.report >= 0:
            self._read_report(worker)
        self._counts.gone(worker.number)
        if self._stops:
            return
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        if worker.said != READY:
            words = worker.said.decode(errors="replace").strip() or f"it ended {how}"
            raise Unavailable(f"a worker cannot start: {words}")
        self._telemetry.log(
            "ERROR", f"worker {worker.number} ended {how}; another is started", {"pid": worker.pid}
        )
        brief = monotonic() - worker.started < _BRIEF
        self._brief[worker.number] = self._brief[worker.number] + 1 if brief else 0
        waits = self._brief[worker.number] > _PATIENT
        self._due[worker.number] = monotonic() + (_BRIEF if waits else 0.0)

    def _end_all(self) -> None:
        """Ask all to end; kill those that don't, or all at a second signal."""
        os.close(self._ties.listener)
        self._due.clear()
        self._stops = max(1, self._stops)
        self._deadline = monotonic() + self._drain + _GRACE
        self._signal_all(signal.SIGTERM)
        asked = self._stops
        while self._running and self._stops == asked and monotonic() < self._deadline:
            self._turn()
        if self._running:
            self._telemetry.log("ERROR", f"{len(self._running)} workers did not end in time: killed", {})
            self._signal_all(signal.SIGKILL)
            for pid in self._running:
                os.waitpid(pid, 0)

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self._running:
            os.kill(pid, number)  # they are our children, not waited for yet: no other process has their ids
