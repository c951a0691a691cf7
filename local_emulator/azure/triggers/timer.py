"""The timer trigger: one thread a function, and never two runs of it at once."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from local_emulator.azure.bindings.execution import Occasion
from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from local_emulator.aws.clock import Clock
    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.triggers.schedule import Schedule

_NEVER = "0001-01-01T00:00:00+00:00"


class TimerTrigger:
    """Runs a function at the times of its schedule."""

    def __init__(self, function: Function, schedule: Schedule, execution: Execution, clock: Clock) -> None:
        self._function = function
        self._schedule = schedule
        self._execution = execution
        self._clock = clock
        self._changed = threading.Condition()
        self._stopping = False
        self._running = False
        self._thread = threading.Thread(target=self._work, name=f"azure-timer-{function.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; never waits."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Wait for what runs, but not longer than this."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)

    def close(self) -> None:
        """Wait for what runs, and leave no thread."""
        self.stop()
        self._thread.join()

    def _work(self) -> None:
        if self._function.trigger.settings.get("runOnStartup"):
            self._run(self._now())
        while self._wait_until(upcoming := self._schedule.after(self._now())):
            self._run(upcoming)

    def _run(self, at: datetime) -> None:
        with self._changed:
            self._running = True
        try:
            self._execution.run(self._function, Occasion(schedule_value(at, self._schedule.after(at))))
        finally:
            with self._changed:
                self._running = False
                self._changed.notify_all()

    def _wait_until(self, moment: datetime) -> bool:
        with self._changed:
            while not self._stopping:
                left = (moment - self._now()).total_seconds()
                if left <= 0:
                    return True
                self._clock.wait(self._changed, left)
        return False

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)


def schedule_value(last: datetime | None, upcoming: datetime | None) -> Value:
    """Give what a timer function is told. Storage is new at every start, so that no run is ever past due."""
    status = {
        "Last": last.isoformat() if last else _NEVER,
        "Next": upcoming.isoformat() if upcoming else _NEVER,
        "LastUpdated": last.isoformat() if last else _NEVER,
    }
    document = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": False}
    return Value("json", json.dumps(document))
