"""Messages as they are sent, kept and received."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SENDER_ID = "AIDAIT2UOQQY3AUEKVGXU"  # who sends is not looked at; any id of this form will do


@dataclass(frozen=True, slots=True)
class MessageAttribute:
    """One message attribute: a type such as "String" or "Number.int", and the value of its kind."""

    data_type: str
    string_value: str | None = None
    binary_value: bytes | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that somebody wants to send."""

    body: str
    attributes: Mapping[str, MessageAttribute] = field(default_factory=dict)
    group_id: str | None = None  # of a fair queue
    trace_header: str | None = None  # the system attribute AWSTraceHeader


@dataclass(frozen=True, slots=True)
class Content:
    """A message that was sent: everything about it that never changes."""

    message_id: str
    draft: Draft
    sent_ms: int
    dead_letter_source: str | None = None  # the ARN of the queue that gave it up

    @property
    def body_md5(self) -> str:
        """The MD5 of the body, in hexadecimal."""
        return md5_of_body(self.draft.body)


@dataclass(frozen=True, slots=True)
class Received:
    """One receipt of a message."""

    content: Content
    receipt_handle: str
    receive_count: int
    first_received_ms: int

    def system_attributes(self) -> dict[str, str]:
        """Give SQS's own attributes by name; those that the message lacks are left out."""
        draft = self.content.draft
        found = {
            "ApproximateReceiveCount": str(self.receive_count),
            "AWSTraceHeader": draft.trace_header,
            "SentTimestamp": str(self.content.sent_ms),
            "SenderId": SENDER_ID,
            "ApproximateFirstReceiveTimestamp": str(self.first_received_ms),
            "DeadLetterQueueSourceArn": self.content.dead_letter_source,
            "MessageGroupId": draft.group_id,
        }
        return {name: value for name, value in found.items() if value is not None}


def md5_of_body(body: str) -> str:
    """Give the MD5 of a message body, in hexadecimal."""
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def md5_of_attributes(attributes: Mapping[str, MessageAttribute]) -> str | None:
    """Give the MD5 of message attributes as SQS computes it, or None when there are none.

    Source: "Calculating the MD5 message digest for message attributes" in the SQS Developer Guide.
    """
    if not attributes:
        return None
    digest = hashlib.md5(usedforsecurity=False)
    for name, attribute in sorted(attributes.items()):
        for part in (name.encode(), attribute.data_type.encode()):
            digest.update(struct.pack("!I", len(part)) + part)
        is_binary = attribute.binary_value is not None
        value = attribute.binary_value if is_binary else (attribute.string_value or "").encode()
        assert value is not None
        digest.update((b"\x02" if is_binary else b"\x01") + struct.pack("!I", len(value)) + value)
    return digest.hexdigest()
