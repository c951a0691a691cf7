"""Messages in the shape in which Lambda hands them to a function."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.queues.messages import md5_of_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from local_emulator.aws.event_sources.mapping import MappingSettings
    from local_emulator.aws.queues.messages import MessageAttribute, Received

PAYLOAD_LIMIT = 6 * 1024 * 1024  # bytes of one invocation
_AROUND = len('{"Records":[]}')


def record_of(received: Received, settings: MappingSettings) -> dict[str, Any]:
    """Build one record."""
    draft = received.content.draft
    record = {
        "messageId": received.content.message_id,
        "receiptHandle": received.receipt_handle,
        "body": draft.body,
        "attributes": received.system_attributes(),
        "messageAttributes": {name: _shown(attribute) for name, attribute in draft.attributes.items()},
        "md5OfBody": received.content.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": settings.queue_arn,
        "awsRegion": settings.region,
    }
    digest = md5_of_attributes(draft.attributes)
    return record if digest is None else {**record, "md5OfMessageAttributes": digest}


def encode(record: dict[str, Any]) -> bytes:
    """Encode one record: its length is what counts against the limit."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def payload_of(encoded: Sequence[bytes]) -> bytes:
    """Put encoded records together to an event."""
    return b'{"Records":[' + b",".join(encoded) + b"]}"


def payload_size(encoded: Iterable[bytes]) -> int:
    """Give the size of the event that these records would make."""
    return _AROUND + sum(len(each) + 1 for each in encoded)


def _shown(attribute: MessageAttribute) -> dict[str, Any]:
    shown: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": attribute.data_type}
    if attribute.string_value is not None:
        shown["stringValue"] = attribute.string_value
    if attribute.binary_value is not None:
        shown["binaryValue"] = base64.b64encode(attribute.binary_value).decode()
    return shown
