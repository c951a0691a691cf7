"""The messages of one queue and the state that each is in. Not thread-safe: the queue around it is."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.queues.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.queues.messages import Content


@dataclass(slots=True, eq=False)
class Entry:
    """A message, and what receiving it has done to it."""

    content: Content
    receive_count: int = 0  # over all queues that it was in
    first_received_ms: int = 0
    receipt: int = 0  # in this queue; the newest receipt is the one that can delete
    in_flight_since: float | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages are in each state. They are exact, unlike SQS's own."""

    visible: int
    in_flight: int
    delayed: int


class Shelf:
    """Every message is in one state: ready (in order), in flight or delayed. No operation walks over them."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._ready: OrderedDict[str, None] = OrderedDict()
        self._in_flight: Schedule[str] = Schedule()
        self._delayed: Schedule[str] = Schedule()
        self._by_age: Schedule[str] = Schedule()

    def counts(self) -> Counts:
        """Count."""
        return Counts(len(self._ready), len(self._in_flight), len(self._delayed))

    def find(self, message_id: str) -> Entry | None:
        """Find a message that is not deleted."""
        return self._entries.get(message_id)

    def add(self, entry: Entry, visible_at: float | None = None) -> None:
        """Add a message, visible now or at a time."""
        message_id = entry.content.message_id
        self._entries[message_id] = entry
        self._by_age.put(message_id, entry.content.sent_ms / 1000)
        if visible_at is None:
            self._ready[message_id] = None
        else:
            self._delayed.put(message_id, visible_at)

    def refresh(self, now: float, retention_s: float) -> None:
        """Forget what is too old, and make visible what is due."""
        for message_id in list(self._by_age.pop_due(now - retention_s)):
            self.remove(message_id)
        for schedule in (self._in_flight, self._delayed):
            for message_id in schedule.pop_due(now):
                self._entries[message_id].in_flight_since = None
                self._ready[message_id] = None

    def next_change(self) -> float | None:
        """Give the time when the next message becomes visible by itself."""
        firsts = [first[0] for first in (self._in_flight.first(), self._delayed.first()) if first is not None]
        return min(firsts, default=None)

    def ready(self) -> Iterator[Entry]:
        """Give the ready messages in order, one by one; whoever takes one hides or removes it."""
        while self._ready:
            yield self._entries[next(iter(self._ready))]

    def has_ready(self) -> bool:
        """Tell whether a message can be received."""
        return bool(self._ready)

    def hide(self, entry: Entry, until: float, now: float) -> None:
        """Put a message in flight, or keep it there for longer or shorter."""
        message_id = entry.content.message_id
        self._ready.pop(message_id, None)
        self._in_flight.put(message_id, until)
        if entry.in_flight_since is None:
            entry.in_flight_since = now

    def show(self, entry: Entry) -> None:
        """Make a message visible, behind all that are."""
        message_id = entry.content.message_id
        self._in_flight.discard(message_id)
        entry.in_flight_since = None
        self._ready[message_id] = None
        self._ready.move_to_end(message_id)

    def remove(self, message_id: str) -> None:
        """Delete a message in whatever state, if it is there."""
        self._entries.pop(message_id, None)
        self._ready.pop(message_id, None)
        for schedule in (self._in_flight, self._delayed, self._by_age):
            schedule.discard(message_id)

    def clear(self) -> None:
        """Delete every message."""
        self._entries.clear()
        self._ready.clear()
        for schedule in (self._in_flight, self._delayed, self._by_age):
            schedule.clear()
