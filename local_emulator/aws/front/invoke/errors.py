"""The errors of the Invoke API, in Lambda's own words and statuses.

InvokeError
├── invalid_content      400 InvalidRequestContentException
├── invalid_parameter    400 InvalidParameterValueException
├── not_found            404 ResourceNotFoundException
├── too_large            413 RequestTooLargeException
├── throttled            429 TooManyRequestsException
└── refused              what the runner says: SnapStart's 400, 408 and 409
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.http.messages import json_response

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import Refusal
    from local_emulator.http.messages import HttpResponse


class InvokeError(Exception):
    """The invocation is refused; `response` says so the way SDKs read it."""

    def __init__(self, status: int, kind: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        value = {"Type": "User", "message": message}
        if reason:
            value = {"Reason": reason, **value}
        self.response: HttpResponse = json_response(status, value, ("x-amzn-ErrorType", kind))


def invalid_content(message: str) -> InvokeError:
    """The payload or the client context is not what it must be."""
    return InvokeError(400, "InvalidRequestContentException", message)


def invalid_parameter(message: str) -> InvokeError:
    """The name, the qualifier or a header is not what it must be."""
    return InvokeError(400, "InvalidParameterValueException", message)


def not_found(message: str) -> InvokeError:
    """There is no such function, version or alias."""
    return InvokeError(404, "ResourceNotFoundException", message)


def too_large(limit: int) -> InvokeError:
    """The payload is over the limit of its invocation type."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return InvokeError(413, "RequestTooLargeException", message)


def throttled() -> InvokeError:
    """Reserved concurrency is used up."""
    reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
    return InvokeError(429, "TooManyRequestsException", "Rate Exceeded.", reason)


def refused(refusal: Refusal) -> InvokeError:
    """Lambda could not run the function."""
    return InvokeError(refusal.status, refusal.kind, refusal.message)
