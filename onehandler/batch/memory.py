"""The ports in memory: for tests, and for scoring without a cloud. Safe for threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from onehandler.batch.ports import Counts, Gone, Job, Note, Progress, Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onehandler.batch.ports import Location, Piece


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

    def size(self, location: Location) -> int | None:
        """Bytes, or None."""
        found = self.objects.get((location.bucket, location.key))
        return None if found is None else len(found.body)

    def join(self, location: Location, head: bytes, pieces: Sequence[Piece], content_type: str) -> bool:
        """Put together here."""
        bodies = [self.read(piece.location, piece.start, piece.end) for piece in pieces]
        return self.create(location, head + b"".join(bodies), content_type)


@dataclass(slots=True)
class MemoryQueue:
    """Implements Queue."""

    bodies: list[str] = field(default_factory=list)

    def send(self, bodies: Sequence[str]) -> None:
        """Append all."""
        self.bodies.extend(bodies)


@dataclass(slots=True)
class _Entry:
    job: Job
    status: Status = Status.OPEN
    note: Note | None = None


@dataclass(slots=True)
class MemoryLedger:
    """Implements Ledger."""

    entries: dict[str, _Entry] = field(default_factory=dict)
    done: dict[str, dict[int, Counts]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def enter(self, job: Job) -> Status:
        """Enter unless in."""
        with self._lock:
            return self.entries.setdefault(job.job, _Entry(job)).status

    def status(self, job: str) -> Status | None:
        """Where it stands."""
        found = self.entries.get(job)
        return None if found is None else found.status

    def job(self, job: str) -> Job | None:
        """As entered."""
        found = self.entries.get(job)
        return None if found is None else found.job

    def move(self, job: str, allowed: Sequence[Status], target: Status) -> Status | None:
        """Change the status if it is one of those."""
        with self._lock:
            found = self.entries.get(job)
            if found is not None and found.status in allowed:
                found.status = target
        return self.status(job)

    def complete(self, job: str, chunk: int, chunks: int, counts: Counts) -> bool:
        """Add to the set."""
        with self._lock:
            done = self.done.setdefault(job, {})
            done.setdefault(chunk, counts)
            return len(done) == chunks

    def progress(self, job: str) -> Progress:
        """Sums."""
        with self._lock:
            counts = list(self.done.get(job, {}).values())
        return Progress(
            len(counts),
            sum(each.rows for each in counts),
            sum(each.failed for each in counts),
            sum(each.milliseconds for each in counts),
        )

    def missing(self, job: str, chunks: int) -> list[int]:
        """Those that are not in the set."""
        with self._lock:
            done = self.done.get(job, {})
            return [chunk for chunk in range(chunks) if chunk not in done]

    def unfinished(self) -> Iterator[Job]:
        """By their status."""
        with self._lock:
            entries = list(self.entries.values())
        return (entry.job for entry in entries if entry.status in (Status.OPEN, Status.CLOSING))

    def note(self, job: str, note: Note) -> None:
        """In the job's entry."""
        self.entries[job].note = note

    def noted(self, job: str) -> Note | None:
        """From there."""
        found = self.entries.get(job)
        return None if found is None else found.note
