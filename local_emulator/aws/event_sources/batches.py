"""Batches of messages, filled up to size, window and payload limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.event_sources.records import (
    PAYLOAD_LIMIT,
    encode,
    payload_of,
    payload_size,
    record_of,
)
from local_emulator.aws.queues.requests import Receive

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.clock import Clock
    from local_emulator.aws.event_sources.mapping import MappingSettings
    from local_emulator.aws.queues.messages import Received
    from local_emulator.aws.queues.queue import StandardQueue

_PER_RECEIVE = 10


@dataclass(frozen=True, slots=True)
class Item:
    """A message of a batch, as it was received and as the function will see it."""

    received: Received
    encoded: bytes
    visible_again_at: float


@dataclass(frozen=True, slots=True)
class Batch:
    """What one invocation gets."""

    items: tuple[Item, ...]

    @property
    def payload(self) -> bytes:
        """The event."""
        return payload_of([item.encoded for item in self.items])

    @property
    def message_ids(self) -> frozenset[str]:
        """The ids of its messages."""
        return frozenset(item.received.content.message_id for item in self.items)

    @property
    def visible_again_at(self) -> float:
        """When the first of its messages goes back to the queue by itself."""
        return min(item.visible_again_at for item in self.items)


class Collector:
    """Fills batches for one poller. A message that would burst a batch waits for the next one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left_over: list[Item] = []

    def collect(
        self, queue: StandardQueue, settings: MappingSettings, wait_s: float, given_up: Callable[[], bool]
    ) -> Batch:
        """Fill one batch; empty when nothing came within `wait_s`. Raises QueueGone."""
        items, self._left_over = (
            self._left_over[: settings.batch_size],
            self._left_over[settings.batch_size :],
        )
        deadline = self._clock.now() + (settings.window_s if items else wait_s)
        while len(items) < settings.batch_size and not self._left_over:
            most = min(_PER_RECEIVE, settings.batch_size - len(items))
            wait = max(0.0, deadline - self._clock.now())
            found = self._receive(queue, settings, Receive(most, wait, None, given_up))
            if found and not items:
                deadline = self._clock.now() + settings.window_s
            self._add(items, found)
            if given_up() or self._clock.now() >= deadline:
                break
        return Batch(tuple(items))

    def drop(self) -> list[Item]:
        """Give back what waits for the next batch: there will be none."""
        left, self._left_over = self._left_over, []
        return left

    def _receive(self, queue: StandardQueue, settings: MappingSettings, request: Receive) -> list[Item]:
        """Receive what passes the filters; the rest is deleted, as Lambda does."""
        items = []
        visibility_s = queue.settings.visibility_timeout_s
        for received in queue.receive(request):
            record = record_of(received, settings)
            if settings.filters is None or settings.filters.passes(record):
                items.append(Item(received, encode(record), self._clock.now() + visibility_s))
            else:
                queue.delete(received.receipt_handle)
        return items

    def _add(self, items: list[Item], found: list[Item]) -> None:
        size = payload_size(item.encoded for item in items)
        for position, item in enumerate(found):
            size += len(item.encoded) + 1
            if items and size > PAYLOAD_LIMIT:
                self._left_over = found[position:]
                return
            items.append(item)
