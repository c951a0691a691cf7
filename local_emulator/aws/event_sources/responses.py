"""What a function's answer says about the messages of its batch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


class BatchFailed(Exception):
    """The answer is not usable: every message of the batch counts as failed."""


def failed_messages(payload: bytes, message_ids: AbstractSet[str]) -> AbstractSet[str]:
    """Give the messages that the function reports as failed. Raises BatchFailed.

    Source: "Success and failure conditions" of ReportBatchItemFailures in the Lambda Developer Guide. Success:
    an empty or null answer, an empty or null list. Complete failure: an answer that is not valid JSON or no
    such object, an identifier that is empty, null, missing, or of no message in the batch.
    """
    answer = _parsed(payload)
    if answer is None or answer == "":
        return frozenset()
    if not isinstance(answer, dict):
        raise BatchFailed(f"the answer is {type(answer).__name__}, not an object with batchItemFailures")
    failures = answer.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        raise BatchFailed(f"batchItemFailures is {type(failures).__name__}, not a list")
    return frozenset(_identifier(failure, message_ids) for failure in failures)


def _parsed(payload: bytes) -> Any:
    if not payload.strip():
        return None
    try:
        return json.loads(payload)
    except ValueError as error:
        raise BatchFailed(f"the answer is not JSON: {error}") from error


def _identifier(failure: Any, message_ids: AbstractSet[str]) -> str:
    if not isinstance(failure, dict) or "itemIdentifier" not in failure:
        raise BatchFailed(f"an entry of batchItemFailures has no itemIdentifier: {failure!r}")
    identifier = failure["itemIdentifier"]
    if not isinstance(identifier, str) or not identifier:
        raise BatchFailed(f"an itemIdentifier is {identifier!r}, not a message id")
    if identifier not in message_ids:
        raise BatchFailed(f"itemIdentifier {identifier!r} is no message of the batch")
    return identifier
