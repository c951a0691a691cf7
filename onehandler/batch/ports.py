"""What batch scoring needs of a cloud. adapters/ has one implementation of each a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Location:
    """One object. `version` (or, where a bucket keeps none, `etag`) names one state of it; both may be ""."""

    bucket: str
    key: str
    version: str = ""
    etag: str = ""


class Gone(Exception):
    """The object, in the state that was asked for, is no longer there: deleted or overwritten."""


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
        """The metadata an object was created with, or None when there is no such object."""
        ...


class Queue(Protocol):
    """Messages to whoever scores."""

    def send(self, bodies: Sequence[str]) -> None:
        """Send all, or raise; some may arrive twice."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: chunks done, rows in them, rows of these that have no prediction."""

    chunks: int
    rows: int
    failed: int


class Ledger(Protocol):
    """Which chunks of a job are done: a set, so that saying it twice changes nothing."""

    def complete(self, job: str, chunk: int, rows: int, failed: int) -> Progress:
        """Add a chunk with its counts unless it is in, and give the job's state afterwards."""
        ...
