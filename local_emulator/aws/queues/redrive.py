"""When a message goes to the dead-letter queue, and what goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.queues.messages import Content
from local_emulator.aws.queues.shelf import Entry

if TYPE_CHECKING:
    from local_emulator.aws.queues.queue import QueueFinder, StandardQueue
    from local_emulator.aws.queues.settings import QueueSettings


def dead_letter_queue(settings: QueueSettings, find: QueueFinder) -> StandardQueue | None:
    """Give the dead-letter queue, or None when none is set or it was deleted."""
    return None if settings.redrive is None else find(settings.redrive.target_arn)


def is_dead(entry: Entry, settings: QueueSettings, find: QueueFinder) -> bool:
    """Tell whether a message was received too often. Without a queue to go to, messages stay."""
    redrive = settings.redrive
    if redrive is None or entry.receive_count < redrive.max_receive_count:
        return False
    return dead_letter_queue(settings, find) is not None


def buried(entry: Entry, source_arn: str) -> Entry:
    """Make the message as it is in the dead-letter queue: same id, same time of sending, same counts."""
    content = entry.content
    moved = Content(content.message_id, content.draft, content.sent_ms, source_arn)
    return Entry(moved, entry.receive_count, entry.first_received_ms)
