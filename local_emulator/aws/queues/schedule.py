"""A heap of things and times, in which things may be moved and taken out."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

K = TypeVar("K", bound="Hashable")
_SLACK = 64


class Schedule(Generic[K]):
    """Keys with the time that each is due. Every operation is O(log n), on average over many.

    What is taken out stays in the heap as a stale entry; when more than half are stale, the heap is made
    anew, so that a queue whose messages are deleted long before they are due does not grow.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._live: dict[K, tuple[float, int]] = {}
        self._sequence = itertools.count()

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, key: K) -> bool:
        return key in self._live

    @property
    def entries(self) -> int:
        """How many entries the heap holds, stale ones included: what its memory grows with."""
        return len(self._heap)

    def put(self, key: K, when: float) -> None:
        """Add a key, or move it."""
        entry = (when, next(self._sequence))
        self._live[key] = entry
        heapq.heappush(self._heap, (*entry, key))
        self._compact()

    def discard(self, key: K) -> None:
        """Take a key out, if it is there."""
        if self._live.pop(key, None) is not None:
            self._compact()

    def first(self) -> tuple[float, K] | None:
        """Give the key that is due first with its time, or None."""
        while self._heap:
            when, sequence, key = self._heap[0]
            if self._live.get(key) == (when, sequence):
                return when, key
            heapq.heappop(self._heap)
        return None

    def pop_due(self, now: float) -> Iterator[K]:
        """Take out every key that is due, the earliest first."""
        while (first := self.first()) is not None and first[0] <= now:
            heapq.heappop(self._heap)
            del self._live[first[1]]
            yield first[1]

    def clear(self) -> None:
        """Take everything out."""
        self._heap.clear()
        self._live.clear()

    def _compact(self) -> None:
        if len(self._heap) > 2 * len(self._live) + _SLACK:
            self._heap = [(*entry, key) for key, entry in self._live.items()]
            heapq.heapify(self._heap)
