"""A standard queue. FIFO queues are not implemented here: they stay as moto has them."""

from __future__ import annotations

import uuid
from threading import Condition
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.queues.errors import (
    InFlightLimitReached,
    InvalidQueueParameter,
    MessageNotInFlight,
    QueueGone,
)
from local_emulator.aws.queues.handles import ReceiptHandle, parse_handle
from local_emulator.aws.queues.messages import Content, Received
from local_emulator.aws.queues.redrive import buried, dead_letter_queue, is_dead
from local_emulator.aws.queues.settings import (
    LONGEST_VISIBILITY_S,
    MOST_IN_FLIGHT,
    check_delay,
    check_draft,
    check_visibility,
)
from local_emulator.aws.queues.shelf import Entry, Shelf

if TYPE_CHECKING:
    from local_emulator.aws.clock import Clock
    from local_emulator.aws.queues.messages import Draft
    from local_emulator.aws.queues.requests import Receive
    from local_emulator.aws.queues.settings import QueueSettings, SettingsSource
    from local_emulator.aws.queues.shelf import Counts

_NOT_AVAILABLE = (
    "Value {handle} for parameter ReceiptHandle is invalid. "
    "Reason: Message does not exist or is not available for visibility timeout change."
)


class QueueFinder(Protocol):
    """Finds queues by ARN."""

    def __call__(self, arn: str) -> StandardQueue | None:
        """Find a standard queue, or None."""
        ...


class StandardQueue:
    """Keeps messages until they are deleted. Safe to use from many threads."""

    def __init__(
        self,
        arn: str,
        settings: SettingsSource,
        clock: Clock,
        find: QueueFinder,
        most_in_flight: int = MOST_IN_FLIGHT,
    ) -> None:
        self.arn = arn
        self._settings = settings
        self._clock = clock
        self._find = find
        self._most_in_flight = most_in_flight
        self._token = uuid.uuid4().hex[:12]
        self._shelf = Shelf()
        self._condition = Condition()
        self._gone = False

    @property
    def settings(self) -> QueueSettings:
        """What is set on the queue right now."""
        return self._settings()

    def send(self, draft: Draft, delay_s: int | None = None) -> Content:
        """Take a message. Raises InvalidQueueParameter, InvalidMessageContents, QueueGone."""
        settings = self._settings()
        check_draft(draft, settings)
        delay = settings.delay_s if delay_s is None else delay_s
        check_delay(delay)
        now = self._clock.now()
        content = Content(str(uuid.uuid4()), draft, int(now * 1000))
        self.put(Entry(content), now + delay if delay else None)
        return content

    def put(self, entry: Entry, visible_at: float | None = None) -> None:
        """Take a message that has a history, as it comes from another queue. Raises QueueGone."""
        with self._condition:
            self._check_exists()
            self._shelf.add(entry, visible_at)
            self._condition.notify_all()

    def receive(self, request: Receive) -> list[Received]:
        """Give visible messages and hide them; wait for the first of them if asked to.

        Messages that were received too often go to the dead-letter queue instead. Raises QueueGone, and
        InFlightLimitReached unless it waits: a long poll at the limit is just empty, as on AWS.
        """
        if request.visibility_s is not None:
            check_visibility(request.visibility_s)
        deadline = self._clock.now() + request.wait_s
        while True:
            with self._condition:
                in_time = self._wait(deadline, request)
                received, dead = self._take(request)
            for entry in dead:
                self._bury(entry)
            if received or not dead or not in_time:
                return received

    def delete(self, handle: str) -> None:
        """Delete the message of a receipt. An older receipt than the newest deletes nothing, and is no error.

        Raises MalformedReceiptHandle, QueueGone.
        """
        parsed = parse_handle(handle, self._token)
        with self._condition:
            self._check_exists()
            entry = self._shelf.find(parsed.message_id)
            if entry is not None and entry.receipt == parsed.receipt:
                self._shelf.remove(parsed.message_id)

    def change_visibility(self, handle: str, seconds: int) -> None:
        """Hide a message for `seconds` from now; 0 makes it visible at once.

        Raises MalformedReceiptHandle, MessageNotInFlight, InvalidQueueParameter, QueueGone.
        """
        check_visibility(seconds)
        parsed = parse_handle(handle, self._token)
        with self._condition:
            now = self._refresh()
            entry = self._shelf.find(parsed.message_id)
            if entry is None or entry.receipt != parsed.receipt:
                raise InvalidQueueParameter(_NOT_AVAILABLE.format(handle=handle))
            if entry.in_flight_since is None:
                raise MessageNotInFlight(f"The message {parsed.message_id} is visible: receive it again")
            if now + seconds - entry.in_flight_since > LONGEST_VISIBILITY_S:
                raise InvalidQueueParameter(
                    f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: Total "
                    f"VisibilityTimeout for the message is beyond the limit [{LONGEST_VISIBILITY_S} seconds]"
                )
            if seconds:
                self._shelf.hide(entry, now + seconds, now)
            else:
                self._shelf.show(entry)
            self._condition.notify_all()

    def withdraw(self) -> Content | None:
        """Take out one visible message for good, or None: how a message move task empties a queue."""
        with self._condition:
            self._refresh()
            entry = next(self._shelf.ready(), None)
            if entry is None:
                return None
            self._shelf.remove(entry.content.message_id)
            return entry.content

    def purge(self) -> None:
        """Delete every message, in flight and delayed ones too."""
        with self._condition:
            self._check_exists()
            self._shelf.clear()

    def counts(self) -> Counts:
        """Count the messages in each state."""
        with self._condition:
            self._refresh()
            return self._shelf.counts()

    def wake(self) -> None:
        """Make waiting receivers look at their `given_up`."""
        with self._condition:
            self._condition.notify_all()

    def close(self) -> None:
        """Delete the queue: whoever waits gets QueueGone."""
        with self._condition:
            self._gone = True
            self._shelf.clear()
            self._condition.notify_all()

    def _wait(self, deadline: float, request: Receive) -> bool:
        """Wait for something to take. Says whether there is time left."""
        while True:
            now = self._refresh()
            full = self._shelf.counts().in_flight >= self._most_in_flight
            if full and not request.wait_s:
                raise InFlightLimitReached(
                    f"Too many messages are in flight: {self._most_in_flight} are received and not deleted"
                )
            if now >= deadline or request.given_up() or (self._shelf.has_ready() and not full):
                return now < deadline
            change = self._shelf.next_change()
            until = deadline if change is None else min(deadline, change)
            self._clock.wait(self._condition, max(until - now, 0.001))

    def _take(self, request: Receive) -> tuple[list[Received], list[Entry]]:
        settings = self._settings()
        now = self._clock.now()
        seconds = settings.visibility_timeout_s if request.visibility_s is None else request.visibility_s
        room = self._most_in_flight - self._shelf.counts().in_flight
        most = min(request.most, room, self._shelf.counts().visible)
        received: list[Received] = []
        dead: list[Entry] = []
        if request.given_up():
            return received, dead
        for _ in range(most):
            entry = next(self._shelf.ready())
            if is_dead(entry, settings, self._find):
                self._shelf.remove(entry.content.message_id)
                dead.append(entry)
                continue
            received.append(self._receipt(entry, now))
            if seconds:
                self._shelf.hide(entry, now + seconds, now)
            else:
                self._shelf.show(entry)
        self._condition.notify_all()
        return received, dead

    def _receipt(self, entry: Entry, now: float) -> Received:
        entry.receipt += 1
        entry.receive_count += 1
        entry.first_received_ms = entry.first_received_ms or int(now * 1000)
        handle = ReceiptHandle(self._token, entry.content.message_id, entry.receipt).text()
        return Received(entry.content, handle, entry.receive_count, entry.first_received_ms)

    def _bury(self, entry: Entry) -> None:
        """Hand a message to the dead-letter queue: outside of our own lock, as each queue has one."""
        target = dead_letter_queue(self._settings(), self._find)
        try:
            if target is not None:
                target.put(buried(entry, self.arn))
                return
        except QueueGone:  # deleted between finding and putting
            pass
        self.put(entry)

    def _refresh(self) -> float:
        self._check_exists()
        now = self._clock.now()
        self._shelf.refresh(now, self._settings().retention_s)
        return now

    def _check_exists(self) -> None:
        if self._gone:
            raise QueueGone("The specified queue does not exist.")
