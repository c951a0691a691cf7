"""The restore phase of SnapStart: from the snapshot to the first request for an invocation.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution.channel import End
from local_emulator.aws.execution.contracts import Refusal
from local_emulator.aws.execution.report import restore_line
from local_emulator.aws.execution.runtime_api import RESTORED, Call, RuntimeRequest

if TYPE_CHECKING:
    from local_emulator.aws.execution.failures import Failure
    from local_emulator.aws.execution.init_phase import InitPhase

# The words of the Lambda API's reference.
_HOOK_FAILED = Refusal(
    400,
    "SnapStartException",
    "The afterRestore() runtime hook encountered an error. For more information, check the Amazon CloudWatch logs.",
)
_TOO_LATE = Refusal(
    408, "SnapStartTimeoutException", "Lambda couldn't restore the snapshot within the timeout limit."
)


@dataclass(frozen=True, slots=True)
class Restored:
    """How a restore went; a failure comes with the refusal that the invocation's caller gets."""

    milliseconds: float
    failure: Failure | None = None
    refusal: Refusal | None = None


def restore(snapshot: InitPhase, request_id: str, limit_s: float) -> Restored:
    """Let an initialised process run its hooks and wait until it asks for an invocation, `limit_s` at most."""
    began = time.perf_counter()
    deadline = time.monotonic() + limit_s
    event: RuntimeRequest | End = RuntimeRequest(snapshot.reached)
    if snapshot.reached is Call.RESTORE_NEXT:  # a client without hooks asks for an invocation at once
        snapshot.channel.answer(RESTORED, deadline=deadline)
        event = snapshot.channel.wait(deadline)
    milliseconds = (time.perf_counter() - began) * 1000
    if isinstance(event, RuntimeRequest) and event.call is Call.NEXT:
        snapshot.log.text += restore_line(milliseconds)
        return Restored(milliseconds)
    failure = snapshot.failure(event, request_id)
    snapshot.log.text += snapshot.process.pending_output()
    snapshot.log.end_line()
    late = event is End.TIMED_OUT
    snapshot.log.text += restore_line(
        milliseconds, "timeout" if late else "error", "" if late else failure.error_type
    )
    return Restored(milliseconds, failure, _TOO_LATE if late else _HOOK_FAILED)
