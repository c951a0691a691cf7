"""Read a job's results: its parts in order, as one stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.batch.job import Manifest
from onehandler.batch.outputs import output_named
from onehandler.batch.ports import Gone, Location
from onehandler.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.batch.ports import ObjectStore

_PIECE = 8 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row without a prediction: its number in the file, from 1 and without the header; where it is; why."""

    row: int
    offset: int
    error: str


@dataclass(frozen=True, slots=True)
class Results:
    """A job's parts in a store."""

    store: ObjectStore
    bucket: str
    manifest: Manifest

    @classmethod
    def at(cls, store: ObjectStore, bucket: str, prefix: str) -> Results:
        """Read the manifest. NotFound when it is gone."""
        return cls(store, bucket, Manifest.at(store, bucket, prefix + "manifest.json"))

    def stream(self, rows: int) -> Iterator[bytes]:
        """All results, `rows` of them, in input order, as one file.

        Unavailable when a part isn't there yet, InvalidInput for a format whose parts cannot be joined.
        """
        output = output_named(self.manifest.output)
        if output.head_size(b"") is None and self.manifest.chunks > 1:
            raise InvalidInput(
                f"{self.manifest.output} parts cannot be joined; read them all from s3://{self.bucket}/"
                f"{self.manifest.prefix}"
            )
        for chunk in range(self.manifest.chunks):
            pieces = self._part(chunk)
            first = next(pieces, b"")
            head = output.head_size(first)
            if head is None:  # the only one
                yield first
            else:
                yield output.joined_head(first[:head], rows) * (chunk == 0) + first[head:]
            yield from pieces

    def failed(self) -> Iterator[FailedRow]:
        """Rows without a prediction, numbered through the whole file."""
        output, before = output_named(self.manifest.output), 0
        for chunk in range(self.manifest.chunks):
            count = 0
            for count, offset, error in output.failed(b"".join(self._part(chunk))):
                if error:
                    yield FailedRow(before + count, offset, error)
            before += count

    def _part(self, chunk: int) -> Iterator[bytes]:
        extension = output_named(self.manifest.output).extension
        where = Location(self.bucket, self.manifest.part_name(chunk, extension))
        position = 0
        try:
            while piece := self.store.read(where, position, position + _PIECE):
                yield piece
                position += len(piece)
        except Gone:
            raise Unavailable(
                f"part {chunk + 1} of {self.manifest.chunks} is not there; see onehandler batch status",
                where=where.key,
            ) from None
