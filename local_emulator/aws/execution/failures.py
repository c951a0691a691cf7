"""How invocations fail when it is not the handler that says so: Lambda's error types and words."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from datetime import UTC, datetime

from local_emulator.aws.execution.channel import End

# As Go's runtime, in which Lambda's own supervisor is written, calls them.
_SIGNALS: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """The payload that the caller gets, and what the log says of it."""

    payload: bytes
    error_type: str  # "" where the log names none
    status: str  # of the REPORT line
    log: bytes = b""


def of(end: End, return_code: int, request_id: str, timeout_s: float) -> Failure:
    """Say how an invocation failed whose answer never came; `return_code` as subprocess gives it."""
    match end:
        case End.TIMED_OUT:
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return timed_out(request_id, timeout_s, now)
        case End.OUT_OF_MEMORY:
            return out_of_memory(request_id)
        case End.EXITED:
            return exited(request_id, return_code)


def exited(request_id: str, return_code: int) -> Failure:
    """The process ended by itself; `return_code` as subprocess gives it."""
    return _exit(request_id, _reason(return_code), "Runtime.ExitError")


def out_of_memory(request_id: str) -> Failure:
    """The process grew over the function's memory and was killed."""
    return _exit(request_id, "Runtime exited with error: signal: killed", "Runtime.OutOfMemory")


def timed_out(request_id: str, timeout_s: float, now: str) -> Failure:
    """The function's timeout passed; `now` is the moment in ISO 8601, UTC."""
    words = f"Task timed out after {timeout_s:.2f} seconds"
    payload = _payload("Sandbox.Timedout", f"RequestId: {request_id} Error: {words}")
    return Failure(payload, "", "timeout", f"{now} {request_id} {words}\n\n".encode())


def response_too_large(size: int, limit: int) -> Failure:
    """The handler's answer is over Lambda's limit; both in bytes."""
    kind = "Function.ResponseSizeTooLarge"
    words = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes)."
    return Failure(_payload(kind, words), kind, "error")


def reported(payload: bytes, error_type: str) -> Failure:
    """The runtime client itself said what went wrong in the init phase."""
    return Failure(payload, error_type, "error")


def _exit(request_id: str, reason: str, error_type: str) -> Failure:
    words = f"RequestId: {request_id} Error: {reason}"
    return Failure(_payload(error_type, words), error_type, "error", f"{words}\n{error_type}\n".encode())


def _reason(return_code: int) -> str:
    if return_code == 0:
        return "Runtime exited without providing a reason"
    if return_code > 0:
        return f"Runtime exited with error: exit status {return_code}"
    number = -return_code
    return f"Runtime exited with error: signal: {_SIGNALS.get(number, f'signal {number}')}"


def _payload(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()
