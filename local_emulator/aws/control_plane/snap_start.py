"""Which published versions have their SnapStart snapshot, in the words of GetFunctionConfiguration."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution.contracts import Refusal
from local_emulator.aws.execution.errors import ExecutionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import FunctionSnapshot
    from local_emulator.aws.execution.failures import Failure

_AT_ONCE = 2  # init phases; most of them keep one core busy


@dataclass(frozen=True, slots=True)
class VersionState:
    """State, StateReason and StateReasonCode of a version."""

    state: str = "Active"  # or "Pending", "Failed"
    reason: str = ""
    code: str = ""


_ACTIVE = VersionState()
_PENDING = VersionState("Pending", "The function is being created.", "Creating")
_NOT_READY = Refusal(
    409,
    "SnapStartNotReadyException",
    "Lambda is initializing your function. You can invoke the function when the function state becomes Active.",
)
_FAILED = Refusal(
    409,
    "ResourceConflictException",
    "The operation cannot be performed at this time. The function is currently in the following state: Failed",
)
_CODES = {
    "Sandbox.Timedout": "FunctionError.InitTimeout",
    "Runtime.OutOfMemory": "FunctionError.InitResourceExhausted",
    "Runtime.HandlerNotFound": "FunctionError.InvalidEntryPoint",
    "Runtime.MalformedHandlerName": "FunctionError.InvalidEntryPoint",
}


class SnapStarts:
    """Has snapshots taken in the background.

    `take` goes through a version's init phase and says what failed; `note` hears of it before, as its log begins.
    """

    def __init__(
        self, take: Callable[[FunctionSnapshot], Failure | None], note: Callable[[FunctionSnapshot], None]
    ) -> None:
        self._take = take
        self._note = note
        self._workers = ThreadPoolExecutor(_AT_ONCE, "lambda-snapshots")
        self._lock = threading.Lock()
        self._states: dict[str, VersionState] = {}

    def begin(self, function: FunctionSnapshot) -> None:
        """Begin to take the snapshot of a version that was just published; returns at once."""
        self._note(function)
        self._set(function.arn, _PENDING)
        self._workers.submit(self._snapshot, function)

    def state_of(self, arn: str) -> VersionState:
        """Give the state of a version; without SnapStart they are active from the first moment."""
        with self._lock:
            return self._states.get(arn, _ACTIVE)

    def refusal_of(self, function: FunctionSnapshot) -> Refusal | None:
        """Say how an invocation is refused when there is no snapshot (yet), or None."""
        state = self.state_of(function.arn).state if function.snap_start else "Active"
        return {"Active": None, "Pending": _NOT_READY}.get(state, _FAILED)

    def close(self) -> None:
        """Begin no more; to be followed by closing what runs the init phases, which ends those under way."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _snapshot(self, function: FunctionSnapshot) -> None:
        try:
            failure = self._take(function)
        except (ExecutionError, OSError) as error:  # it cannot run here, or has run out of something
            state = VersionState("Failed", str(error), "FunctionError")
        else:
            state = _ACTIVE if failure is None else _failed(failure)
        self._set(function.arn, state)

    def _set(self, arn: str, state: VersionState) -> None:
        with self._lock:
            self._states[arn] = state


def _failed(failure: Failure) -> VersionState:
    """AWS tells the reason by a code; the message is the runtime client's."""
    told = json.loads(failure.payload)
    kind, message = told.get("errorType", ""), told.get("errorMessage", "")
    code = _CODES.get(failure.error_type or kind, "FunctionError.RuntimeInitError")
    return VersionState("Failed", f"{kind}: {message}", code)
