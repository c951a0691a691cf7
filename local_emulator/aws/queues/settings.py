"""What is set on a queue, and the limits that SQS itself sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.queues.errors import InvalidMessageContents, InvalidQueueParameter

if TYPE_CHECKING:
    from local_emulator.aws.queues.messages import Draft

MOST_IN_FLIGHT = 120_000
MOST_ATTRIBUTES = 10
MOST_BYTES = 1_048_576  # of a message, and of a batch of messages
LONGEST_DELAY_S = 900
LONGEST_VISIBILITY_S = 43_200
_FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Redrive:
    """Where messages go that were received too often."""

    target_arn: str
    max_receive_count: int


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """The attributes of a queue that its messages feel."""

    visibility_timeout_s: int = 30
    delay_s: int = 0
    retention_s: int = 345_600
    maximum_message_bytes: int = MOST_BYTES
    redrive: Redrive | None = None


class SettingsSource(Protocol):
    """Tells what is set on a queue right now."""

    def __call__(self) -> QueueSettings:
        """Give the settings; called often, so it has to be quick."""
        ...


def message_bytes(draft: Draft) -> int:
    """Give the size that counts against the limits: body, and names, types and values of attributes."""
    size = len(draft.body.encode("utf-8", "surrogatepass"))
    for name, attribute in draft.attributes.items():
        size += len(name.encode()) + len(attribute.data_type.encode())
        size += len((attribute.string_value or "").encode()) + len(attribute.binary_value or b"")
    return size


def check_draft(draft: Draft, settings: QueueSettings) -> None:
    """Raise InvalidQueueParameter or InvalidMessageContents when SQS would not take this message."""
    if not draft.body:
        raise InvalidQueueParameter("The request must contain the parameter MessageBody.")
    if len(draft.attributes) > MOST_ATTRIBUTES:
        raise InvalidQueueParameter(
            f"Number of message attributes [{len(draft.attributes)}] exceeds the allowed maximum "
            f"[{MOST_ATTRIBUTES}]."
        )
    if message_bytes(draft) > settings.maximum_message_bytes:
        raise InvalidQueueParameter(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{settings.maximum_message_bytes} bytes."
        )
    found = _FORBIDDEN.search(draft.body)
    if found:
        raise InvalidMessageContents(
            f"Invalid binary character '#x{ord(found.group()):X}' was found in the message body, the set of "
            "allowed characters is #x9 | #xA | #xD | [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to "
            "#x10FFFF]"
        )


def check_delay(seconds: int) -> None:
    """Raise InvalidQueueParameter when a message cannot be delayed for so long."""
    if not 0 <= seconds <= LONGEST_DELAY_S:
        raise InvalidQueueParameter(
            f"Value {seconds} for parameter DelaySeconds is invalid. "
            f"Reason: DelaySeconds must be >= 0 and <= {LONGEST_DELAY_S}."
        )


def check_visibility(seconds: int) -> None:
    """Raise InvalidQueueParameter when a message cannot be hidden for so long."""
    if not 0 <= seconds <= LONGEST_VISIBILITY_S:
        raise InvalidQueueParameter(
            f"Value {seconds} for parameter VisibilityTimeout is invalid. "
            f"Reason: VisibilityTimeout must be >= 0 and <= {LONGEST_VISIBILITY_S}."
        )
