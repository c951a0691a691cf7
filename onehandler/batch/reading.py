"""Read a job's results: its parts in order, as one stream."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.batch.formats import format_named
from onehandler.batch.job import Manifest
from onehandler.batch.ports import Gone, Location
from onehandler.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.batch.ports import ObjectStore

_PIECE = 8 * 1024 * 1024  # bytes
_MANIFEST_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A row without a prediction: its number in the file, from 1 and without the header; its first byte; why."""

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
        where = Location(bucket, prefix + "manifest.json")
        try:
            content = store.read(where, 0, _MANIFEST_LIMIT)
        except Gone:
            raise NotFound("the job's results have been deleted", where=f"{bucket}/{where.key}") from None
        return cls(store, bucket, Manifest.from_json(content))

    def stream(self) -> Iterator[bytes]:
        """All results, in input order, with one header. Unavailable when a part isn't there yet."""
        for chunk in range(self.manifest.chunks):
            pieces = self._part(chunk)
            first = next(pieces, b"")
            yield first if chunk == 0 else first[self._head_size(first) :]
            yield from pieces

    def failed(self) -> Iterator[FailedRow]:
        """Rows without a prediction, numbered through the whole file."""
        before = 0
        for chunk in range(self.manifest.chunks):
            content = b"".join(self._part(chunk)).decode()
            rows = _csv_rows(content) if self.manifest.format == "csv" else _json_rows(content)
            count = 0
            for count, offset, error in rows:
                if error:
                    yield FailedRow(before + count, offset, error)
            before += count

    def _part(self, chunk: int) -> Iterator[bytes]:
        where = Location(
            self.bucket, self.manifest.part_name(chunk, format_named(self.manifest.format).extension)
        )
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

    def _head_size(self, first: bytes) -> int:
        """Every part of a CSV has its header line."""
        return first.find(b"\n") + 1 if self.manifest.format == "csv" else 0


def _csv_rows(content: str) -> Iterator[tuple[int, int, str]]:
    rows = csv.reader(io.StringIO(content, newline=""))
    next(rows, None)
    return ((int(row[0]), int(row[1]), row[-1]) for row in rows)


def _json_rows(content: str) -> Iterator[tuple[int, int, str]]:
    for line in content.splitlines():
        found = json.loads(line)
        error = found.get("error")
        where = f"{error['where']}: " if error and "where" in error else ""
        yield found["row"], found["offset"], f"{where}{error['message']}" if error else ""
