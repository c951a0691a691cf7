"""Batch operations: one answer for each entry, and limits in bytes, where moto counts characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.sqs_messages import draft_of
from local_emulator.aws.queues.settings import MOST_BYTES, message_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_ID = re.compile(r"[\w-]{1,80}", re.ASCII)
_MOST_ENTRIES = 10
_Entries = list[dict[str, Any]]
_Answer = tuple[list[Any], list[dict[str, Any]]]


def apply() -> None:
    """Replace the batch operations; each entry goes through the operation for one message."""
    from moto.sqs.models import SQSBackend

    SQSBackend.send_message_batch = _send_message_batch
    SQSBackend.delete_message_batch = _delete_message_batch
    SQSBackend.change_message_visibility_batch = _change_message_visibility_batch


def _send_message_batch(self: Any, queue_name: str, entries: Mapping[str, dict[str, Any]]) -> _Answer:
    self.get_queue(queue_name)
    _check_ids(entries.values())
    _check_total(entries.values())

    def send(entry: dict[str, Any]) -> Any:
        message = self.send_message(
            queue_name,
            entry["MessageBody"],
            message_attributes=entry.get("MessageAttributes"),
            delay_seconds=entry.get("DelaySeconds"),
            deduplication_id=entry.get("MessageDeduplicationId"),
            group_id=entry.get("MessageGroupId"),
            system_attributes=entry.get("MessageSystemAttributes"),
        )
        message.user_id = entry["Id"]
        return message

    return _each(entries.values(), send)


def _delete_message_batch(self: Any, queue_name: str, receipts: _Entries) -> _Answer:
    self.get_queue(queue_name)
    _check_ids(receipts)

    def delete(entry: dict[str, Any]) -> Any:
        self.delete_message(queue_name, entry["ReceiptHandle"])
        return entry["Id"]

    return _each(receipts, delete)


def _change_message_visibility_batch(self: Any, queue_name: str, entries: _Entries) -> _Answer:
    self.get_queue(queue_name)
    _check_ids(entries)

    def change(entry: dict[str, Any]) -> Any:
        seconds = int(entry.get("VisibilityTimeout") or 0)
        self.change_message_visibility(queue_name, entry["ReceiptHandle"], seconds)
        return entry["Id"]

    return _each(entries, change)


def _each(entries: Iterable[dict[str, Any]], operation: Callable[[dict[str, Any]], Any]) -> _Answer:
    from moto.sqs.exceptions import SQSException

    done: list[Any] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            done.append(operation(entry))
        except SQSException as error:
            failed.append(
                {"Id": entry["Id"], "SenderFault": True, "Code": error.code, "Message": error.message}
            )
    return done, failed


def _check_ids(entries: Iterable[Mapping[str, Any]]) -> None:
    from moto.sqs.exceptions import (
        BatchEntryIdsNotDistinct,
        InvalidBatchEntryId,
        SQSException,
        TooManyEntriesInBatchRequest,
    )

    ids = [str(entry["Id"]) for entry in entries]
    if not ids:
        raise SQSException(
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )
    if len(ids) > _MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(len(ids))
    if not all(_ID.fullmatch(each) for each in ids):
        raise InvalidBatchEntryId
    twice = next((each for position, each in enumerate(ids) if each in ids[:position]), None)
    if twice is not None:
        raise BatchEntryIdsNotDistinct(twice)


def _check_total(entries: Iterable[Mapping[str, Any]]) -> None:
    from moto.sqs.exceptions import BatchRequestTooLong

    total = sum(
        message_bytes(draft_of(entry["MessageBody"], entry.get("MessageAttributes"), None, None))
        for entry in entries
    )
    if total > MOST_BYTES:
        raise BatchRequestTooLong(total)
