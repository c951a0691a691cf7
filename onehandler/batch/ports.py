"""What batch scoring needs of a cloud. adapters/ has one implementation of each a service."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Location:
    """One object. `version` (or, where a bucket keeps none, `etag`) names one state of it; both may be ""."""

    bucket: str
    key: str
    version: str = ""
    etag: str = ""


class Gone(Exception):
    """The object, in the state that was asked for, is no longer there: deleted or overwritten."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes [start, end) of an object."""

    location: Location
    start: int
    end: int


class ObjectStore(Protocol):
    """Objects read by range and written once."""

    def read(self, location: Location, start: int, end: int) -> bytes:
        """Bytes [start, end), fewer at the object's end, none past it. Raises Gone."""
        ...

    def create(
        self, location: Location, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """Write the object unless one is there; tell whether this call wrote it."""
        ...

    def metadata(self, location: Location) -> Mapping[str, str] | None:
        """The metadata an object was created with, or None when there is no such object, or not in that state."""
        ...

    def size(self, location: Location) -> int | None:
        """Bytes of an object, or None when there is none."""
        ...

    def join(self, location: Location, head: bytes, pieces: Sequence[Piece], content_type: str) -> bool:
        """Create an object of a head and pieces of others, unless one is there; tell whether this call did.

        At most 9,999 pieces; large ones never leave the store.
        """
        ...


class Queue(Protocol):
    """Messages to whoever scores."""

    def send(self, bodies: Sequence[str]) -> None:
        """Send all, or raise; some may arrive twice."""
        ...


class Status(Enum):
    """Where a job stands. A job that is CLOSING has all its parts; its marker may still be missing."""

    OPEN = "open"
    CLOSING = "closing"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the ledger enters it: where its results go, how many chunks it has, when it was planned."""

    job: str
    prefix: str
    chunks: int
    planned: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Counts:
    """What a chunk came to: its rows, how many of them have no prediction, the time it took."""

    rows: int = 0
    failed: int = 0
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: chunks done, and the sums of their counts."""

    chunks: int
    rows: int
    failed: int
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """What a sweeper saw of a job: how many chunks were done, since when, how often it sent the others again."""

    done: int
    since: float  # seconds since 1970
    resent: int = 0


class Ledger(Protocol):
    """Which jobs there are, and which chunks of each are done: sets, so that saying it twice changes nothing."""

    def enter(self, job: Job) -> Status:
        """Enter a job unless it is in; give where it stands."""
        ...

    def status(self, job: str) -> Status | None:
        """Where a job stands; None if it was never entered, or so long ago that it was forgotten."""
        ...

    def job(self, job: str) -> Job | None:
        """The job as it was entered, if it was and is not forgotten."""
        ...

    def move(self, job: str, allowed: Sequence[Status], target: Status) -> Status | None:
        """Let the job stand elsewhere if it stands at one of those allowed; give where it stands then."""
        ...

    def complete(self, job: str, chunk: int, chunks: int, counts: Counts) -> bool:
        """Add a chunk of so many, with its counts, unless it is in. True if all are in."""
        ...

    def progress(self, job: str) -> Progress:
        """What has been added so far."""
        ...

    def missing(self, job: str, chunks: int) -> list[int]:
        """Chunks that are not in, in order."""
        ...

    def unfinished(self) -> Iterator[Job]:
        """Jobs that are OPEN or CLOSING, in any order."""
        ...

    def note(self, job: str, note: Note) -> None:
        """Keep what a sweeper saw, in place of what the last one saw."""
        ...

    def noted(self, job: str) -> Note | None:
        """What was kept last."""
        ...
