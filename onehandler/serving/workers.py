"""The parent of the workers: forks them, forks anew those that die, and ends them all in time.

Workers are forked rather than spawned so that they share what the parent has loaded: modules, ONNX Runtime with its
operator schemas and, where that is safe, the model. With two workers and the demo's forest the whole takes 59 MB
instead of 105 (proportional set size).
"""

from __future__ import annotations

import os
import select
import signal
import sys
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

from onehandler.errors import OnehandlerError, Unavailable
from onehandler.serving.connections import Counts
from onehandler.serving.server import READY, Place, Report

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import TypeAlias

    from onehandler.telemetry import Telemetry

    # Serves until told to end. Runs in a process of its own.
    Work: TypeAlias = Callable[[Place], None]

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_GRACE = 2.0  # seconds beyond the drain, for the interpreter to end
_BRIEF = 1.0  # seconds: a worker that lived no longer is not started anew at once
_MESSAGE = 4096  # bytes


@dataclass(slots=True)
class _Worker:
    """A worker process. `report` is -1 once it has said that it is ready."""

    number: int
    pid: int
    report: int
    started: float
    said: bytes = field(default=b"")


class Workers:
    """Keeps `count` processes at `work`; they have `drain` seconds to end."""

    def __init__(
        self, work: Work, listener: socket.socket, count: int, drain: float, telemetry: Telemetry
    ) -> None:
        self._work = work
        self._listener = listener
        self._drain = drain
        self._telemetry = telemetry
        self._counts = Counts(count)
        self._running: dict[int, _Worker] = {}
        self._due: dict[int, float] = dict.fromkeys(range(count), 0.0)  # to be started, and when
        self._lifeline = os.pipe()
        self._signals = os.pipe()
        self._stops = 0
        self._deadline = 0.0

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; `ready` is called once, when all workers take connections.

        Raises Unavailable with a worker's own words when one cannot start.
        """
        self._catch_signals()
        try:
            self._start_due()
            while any(worker.report >= 0 for worker in self._running.values()) and not self._stops:
                self._turn()
            if not self._stops:
                ready()
            while not self._stops:
                self._turn()
        finally:
            self._end_all()
            self._release()

    def _catch_signals(self) -> None:
        os.set_blocking(self._signals[1], False)
        signal.set_wakeup_fd(self._signals[1], warn_on_full_buffer=False)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)  # select is woken through the descriptor

    def _release(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in (*self._lifeline, *self._signals, *_reports(self._running)):
            os.close(descriptor)

    def _turn(self) -> None:
        """Wait for whatever comes next, and see to it."""
        self._start_due()
        reports = {worker.report: worker for worker in self._running.values() if worker.report >= 0}
        readable, _, _ = select.select([self._signals[0], *reports], [], [], self._patience())
        for descriptor in readable:
            if descriptor in reports:
                self._read_report(reports[descriptor])
            else:
                self._stops += sum(number in _STOPPING for number in os.read(descriptor, 64))
        self._reap()

    def _patience(self) -> float | None:
        """Seconds until something is to be done unasked; None for ever."""
        times = list(self._due.values()) if not self._stops else [self._deadline]
        return max(0.0, min(times) - monotonic()) if times else None

    def _start_due(self) -> None:
        now = monotonic()
        for number in [number for number, at in self._due.items() if at <= now]:
            del self._due[number]
            self._start(number)

    def _start(self, number: int) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            os.close(reading)
            self._be_worker(number, Report(writing))
        os.close(writing)
        self._running[pid] = _Worker(number, pid, reading, monotonic())

    def _be_worker(self, number: int, report: Report) -> None:
        """The child's whole life; never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (self._lifeline[1], *self._signals, *_reports(self._running)):
                os.close(descriptor)
            self._work(Place(self._listener, self._counts, number, report, self._lifeline[0]))
            code = 0
        except OnehandlerError as error:
            report.say(str(error).encode()[:_MESSAGE])
        except BaseException as error:  # noqa: BLE001 - the process ends here, whatever it was
            if not report.say(f"{type(error).__name__}: {error}".encode()[:_MESSAGE]):
                self._telemetry.failed(error, "")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _read_report(self, worker: _Worker) -> None:
        content = os.read(worker.report, _MESSAGE)
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
        self._counts.publish(worker.number, 0)
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
        self._due[worker.number] = monotonic() + (_BRIEF if brief else 0.0)

    def _end_all(self) -> None:
        """Ask all to end; kill those that don't, or all at a second signal."""
        self._listener.close()
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


def _reports(running: dict[int, _Worker]) -> list[int]:
    return [worker.report for worker in running.values() if worker.report >= 0]
