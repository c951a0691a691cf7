"""What destinations and dead-letter queues are told of an invocation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from local_emulator.aws.queues.messages import MessageAttribute

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionSnapshot, Outcome

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"
_MESSAGE_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """An invocation that will not be tried again."""

    function: FunctionSnapshot
    payload: bytes
    request_id: str
    condition: str  # one of the four above
    attempts: int
    outcome: Outcome | None  # of the last attempt; None when the function never ran
    ended_at: float


def destination_record(finished: Finished) -> str:
    """Build the JSON text that a destination gets.

    Source: "Adding a destination" in the Lambda Developer Guide.
    """
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": _timestamp(finished.ended_at),
        "requestContext": {
            "requestId": finished.request_id,
            "functionArn": finished.function.arn,
            "condition": finished.condition,
            "approximateInvokeCount": finished.attempts,
        },
        "requestPayload": _value(finished.payload),
    }
    outcome = finished.outcome
    if outcome is not None:
        record["responseContext"] = {"statusCode": 200, "executedVersion": outcome.executed_version}
        if outcome.function_error is not None:
            record["responseContext"]["functionError"] = outcome.function_error
        record["responsePayload"] = _value(outcome.payload)
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def dead_letter_attributes(finished: Finished) -> dict[str, MessageAttribute]:
    """Build the message attributes that come with the event itself in a dead-letter queue."""
    code, message = (
        ("429", "Rate Exceeded.") if finished.outcome is None else ("200", _error(finished.outcome))
    )
    return {
        "RequestID": MessageAttribute("String", finished.request_id),
        "ErrorCode": MessageAttribute("Number", code),
        "ErrorMessage": MessageAttribute("String", message),
    }


def _error(outcome: Outcome) -> str:
    answer = _value(outcome.payload)
    message = answer.get("errorMessage") if isinstance(answer, dict) else None
    text = str(message or outcome.function_error or "Unknown error")
    return text.encode()[:_MESSAGE_LIMIT].decode("utf-8", "ignore")


def _value(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
