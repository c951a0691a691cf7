"""An instance of a SnapStart version: initialised when the version is published, restored when it is invoked.

A process cannot be checkpointed here. What AWS restores from a snapshot is on this machine the initialised
process itself: it waits for the answer to its `restore/next` until the first invocation needs an instance. Every
further instance is initialised anew, and then restored as the first was.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from local_emulator.aws.execution.instance import DiedWhileIdle, Instance
from local_emulator.aws.execution.report import (
    init_done_line,
    init_start_line,
    restore_start_line,
    start_line,
)
from local_emulator.aws.execution.restore import restore
from local_emulator.aws.execution.runtime_api import Call

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import Invocation, Outcome
    from local_emulator.aws.execution.failures import Failure
    from local_emulator.aws.execution.launcher import Launcher
    from local_emulator.aws.execution.log_writer import LogWriter


class SnapStartInstance(Instance):
    """See the module. After `take_snapshot` it is idle like any other; its first `invoke` restores it."""

    __slots__ = ("_snapshotted",)

    def __init__(self, launcher: Launcher, logs: LogWriter) -> None:
        super().__init__(launcher, logs)
        self._snapshotted = False

    def take_snapshot(self, request_id: str) -> Failure | None:
        """Go through the init phase and the hooks before the snapshot, or end. `request_id`: for a failure's words."""
        init_s = max(self._launcher.limits.snap_start_init_s, self._function.timeout_s)
        self._log.text += init_start_line(self._function.runtime, self._function.region)
        failure = self._phase.run(request_id, time.monotonic() + init_s, until=Call.RESTORE_NEXT)
        if failure is None:
            self._channel.settle()
            self._log.end_line()
            self._log.text += init_done_line(self._phase.milliseconds)
            self._snapshotted = True
            self._log.write()
        else:
            self.end()
        return failure

    def invoke(self, invocation: Invocation) -> Outcome:
        """Run on a warm instance, or restore the snapshot first. Raises DiedWhileIdle."""
        if not self._snapshotted:
            return super().invoke(invocation)
        if not self._process.peak_memory_kb():
            self.end()
            raise DiedWhileIdle
        return self._restored_invoke(invocation)

    def cold_invoke(self, invocation: Invocation) -> Outcome:
        """Another instance beside those that have the snapshot: initialise, restore, run."""
        failure = self.take_snapshot(invocation.request_id)
        if failure is None:
            return self._restored_invoke(invocation)
        return self._failed(invocation, failure, self._phase.milliseconds)

    def _restored_invoke(self, invocation: Invocation) -> Outcome:
        self._snapshotted = False
        self._log.begin_stream(self._new_stream())  # on AWS each restored instance has its own
        self._log.text += restore_start_line(self._function.runtime, self._function.region)
        restored = restore(self._phase, invocation.request_id, self._launcher.limits.restore_s)
        if restored.failure is not None:
            self.end()
            figures = self._figures(invocation, restored.milliseconds, restored.failure)
            return self._told(invocation, restored.failure.payload, "Unhandled", figures, restored.refusal)
        self._restore_ms = restored.milliseconds
        self._log.text += start_line(invocation.request_id, self._function.version)
        deadline = time.monotonic() + self._function.timeout_s
        self._deliver(invocation, deadline)
        return self._run(invocation, deadline)


def taken_snapshot(new: Instance) -> Failure | None:
    """Take the snapshot of an instance that has just been started."""
    assert isinstance(new, SnapStartInstance)
    return new.take_snapshot(str(uuid.uuid4()))
