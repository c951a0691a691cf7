"""The ports in memory: for tests, and for scoring without a cloud. Safe for threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from onehandler.batch.ports import Gone, Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onehandler.batch.ports import Location


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's bytes and what it was created with."""

    body: bytes
    content_type: str
    metadata: Mapping[str, str]


@dataclass(slots=True)
class MemoryStore:
    """Implements ObjectStore; keeps one state of each object."""

    objects: dict[tuple[str, str], StoredObject] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def read(self, location: Location, start: int, end: int) -> bytes:
        """Bytes [start, end) of the object."""
        found = self.objects.get((location.bucket, location.key))
        if found is None:
            raise Gone
        return found.body[start:end]

    def create(
        self, location: Location, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Write unless there."""
        with self._lock:
            if (location.bucket, location.key) in self.objects:
                return False
            self.objects[location.bucket, location.key] = StoredObject(body, content_type, metadata or {})
            return True

    def metadata(self, location: Location) -> Mapping[str, str] | None:
        """Metadata, or None."""
        found = self.objects.get((location.bucket, location.key))
        return None if found is None else found.metadata


@dataclass(slots=True)
class MemoryQueue:
    """Implements Queue."""

    bodies: list[str] = field(default_factory=list)

    def send(self, bodies: Sequence[str]) -> None:
        """Append all."""
        self.bodies.extend(bodies)


@dataclass(slots=True)
class MemoryLedger:
    """Implements Ledger."""

    jobs: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def complete(self, job: str, chunk: int, rows: int, failed: int) -> Progress:
        """Add to the set."""
        with self._lock:
            done = self.jobs.setdefault(job, {})
            done.setdefault(chunk, (rows, failed))
            counts = list(done.values())
        return Progress(len(counts), sum(rows for rows, _ in counts), sum(failed for _, failed in counts))
