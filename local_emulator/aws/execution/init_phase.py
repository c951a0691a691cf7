"""The init phase: from the start of a process to its first request for an invocation, or to its snapshot."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution import failures
from local_emulator.aws.execution.channel import End
from local_emulator.aws.execution.report import init_line
from local_emulator.aws.execution.runtime_api import ACCEPTED, RESTORED, Call, RuntimeRequest

if TYPE_CHECKING:
    from local_emulator.aws.execution.channel import Channel
    from local_emulator.aws.execution.failures import Failure
    from local_emulator.aws.execution.instance_log import InstanceLog
    from local_emulator.aws.execution.process import RuntimeProcess

EXIT_S = 2.0  # how long a client that said goodbye may take to go


@dataclass(slots=True)
class InitPhase:
    """The init phase of one process; `timeout_s` is its function's, for the words of a failure."""

    process: RuntimeProcess
    channel: Channel
    log: InstanceLog
    timeout_s: float
    milliseconds: float = 0.0  # how long it took
    reached: Call = Call.UNKNOWN  # what the client asked for at its end

    def run(
        self, request_id: str, deadline: float, phase: str = "init", until: Call = Call.NEXT
    ) -> Failure | None:
        """Wait until the client asks for `until`, or for an invocation; say what failed, in the log too."""
        began = time.perf_counter()
        while True:
            event = self.channel.wait(deadline)
            self.milliseconds = (time.perf_counter() - began) * 1000
            if isinstance(event, RuntimeRequest) and event.call in (until, Call.NEXT):
                self.reached = event.call
                return None
            if isinstance(event, RuntimeRequest) and event.call is Call.RESTORE_NEXT:
                self.channel.answer(RESTORED, deadline=deadline)
                continue
            failure = self.failure(event, request_id)
            self.log.text += self.process.pending_output()
            status = "timeout" if event is End.TIMED_OUT else failure.status
            self.log.end_line()
            self.log.text += init_line(self.milliseconds, phase, status, failure.error_type)
            return failure

    def failure(self, event: RuntimeRequest | End, request_id: str) -> Failure:
        """Say why the client asked for nothing: in its own words where it had any. The process is over then."""
        if isinstance(event, RuntimeRequest):
            self.channel.answer(ACCEPTED, deadline=time.monotonic() + EXIT_S)
            self.channel.wait(time.monotonic() + EXIT_S)
            return failures.reported(event.body, event.error_type)
        return failures.of(event, self.process.end(), request_id, self.timeout_s)
