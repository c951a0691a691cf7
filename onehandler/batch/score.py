"""Score: one chunk of a job becomes one part, and whoever does the last one writes `_SUCCESS`."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from onehandler.batch.formats import format_named, name_for_type
from onehandler.batch.job import Manifest
from onehandler.batch.plan import SUCCESS, summary
from onehandler.batch.ports import Location
from onehandler.batch.records import RECORD_LIMIT, Record, records
from onehandler.batch.results import Result
from onehandler.errors import BundleError, InvalidInput, ModelError, OnehandlerError, RequestError, TooLarge
from onehandler.results import named_rows
from onehandler.rows import tensors_from_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onehandler.batch.formats import Format
    from onehandler.batch.ports import Ledger, ObjectStore, Progress
    from onehandler.handler import Handler

_BLOCK_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk's outcome: its rows, how many of them failed, and how far the job is with it."""

    manifest: Manifest
    number: int
    rows: int
    failed: int
    progress: Progress
    repeated: bool  # the part was there already


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores chunks with one handler. May run any number of times for the same chunk."""

    handler: Handler
    store: ObjectStore
    ledger: Ledger
    results: str  # bucket

    def score(self, manifest_key: str, number: int) -> Chunk:
        """Score one chunk unless its part is there, and finish the job if it was the last one.

        Rows that cannot be answered become error rows. Infrastructure errors, a manifest of another bundle
        and a source that is gone are raised: the message comes back, and in the end goes to the dead letters.
        """
        manifest = self._manifest(manifest_key)
        chosen = format_named(manifest.format)
        where = Location(self.results, manifest.part_name(number, chosen.extension))
        counts = self._counts(where)
        repeated = counts is not None
        rows, failed = counts or self._write(manifest, number, chosen, where)
        progress = self.ledger.complete(manifest.job, number, rows, failed)
        if progress.chunks == manifest.chunks:
            done = Location(self.results, manifest.prefix + SUCCESS)
            self.store.create(done, summary(manifest, progress.rows, progress.failed), "application/json")
        return Chunk(manifest, number, rows, failed, progress, repeated)

    def _manifest(self, key: str) -> Manifest:
        content = self.store.read(Location(self.results, key), 0, 16 * 1024 * 1024)
        manifest = Manifest.from_json(content)
        if manifest.bundle_digest != self.handler.bundle.digest:
            raise BundleError("the job was planned for another bundle; drop the file again", where=key)
        return manifest

    def _counts(self, where: Location) -> tuple[int, int] | None:
        found = self.store.metadata(where)
        return None if found is None else (int(found["rows"]), int(found["failed"]))

    def _write(self, manifest: Manifest, number: int, chosen: Format, where: Location) -> tuple[int, int]:
        start, end = manifest.range_of(number)
        found = records(
            lambda first, last: self.store.read(manifest.source, first, min(last, manifest.size)),
            start,
            end,
            manifest.data_start,
        )
        results = list(score_records(self.handler, chosen, manifest.columns, found))
        failed = sum(result.error is not None for result in results)
        body = chosen.write(results, self.handler.signature)
        counts = {"rows": str(len(results)), "failed": str(failed)}
        self.store.create(where, body, chosen.content_type, counts)
        return len(results), failed


def score_records(
    handler: Handler, chosen: Format, columns: list[str], found: Iterable[Record]
) -> Iterator[Result]:
    """Answer records in blocks, one result a record, in order."""
    numbered = enumerate(found, start=1)
    while block := list(islice(numbered, _BLOCK_ROWS)):
        parsed = [_parsed(handler, chosen, columns, record) for _, record in block]
        good = [row for row in parsed if not isinstance(row, OnehandlerError)]
        answers = iter(_answers(handler, good))
        for (number, record), row in zip(block, parsed, strict=True):
            answer = row if isinstance(row, OnehandlerError) else next(answers)
            if isinstance(answer, OnehandlerError):
                yield Result(number, record.offset, error=answer)
            else:
                yield Result(number, record.offset, prediction=answer)


def score_bytes(handler: Handler, content: bytes, media_type: str) -> Iterator[Result]:
    """Answer a whole file of rows that is in memory. Raises InvalidInput for a header that doesn't fit."""
    chosen = format_named(name_for_type(media_type))
    first, newline, _ = content.partition(b"\n")
    columns = chosen.header(first.removesuffix(b"\r"), handler.signature) if content else []
    start = len(first) + len(newline) if columns else 0
    found = records(lambda a, b: content[a:b], start, len(content), start)
    return score_records(handler, chosen, columns, found)


def _parsed(handler: Handler, chosen: Format, columns: list[str], record: Record) -> Any:
    """The record as a row, or the error that it is."""
    if record.too_long:
        return TooLarge(f"the row is longer than {RECORD_LIMIT} bytes")
    try:
        return chosen.row(record.content, columns, handler.signature)
    except RequestError as error:
        return error


def _answers(handler: Handler, rows: list[Any]) -> list[Any]:
    """A prediction or an error a row. A block that fails is halved until the rows at fault are alone."""
    if not rows:
        return []
    try:
        tensors = tensors_from_rows(handler.signature, rows, "row")
        return named_rows(handler.signature, handler.predict(tensors))
    except (RequestError, ModelError) as error:
        if len(rows) == 1:
            return [_of_one_row(error)]
    middle = len(rows) // 2
    return _answers(handler, rows[:middle]) + _answers(handler, rows[middle:])


def _of_one_row(error: OnehandlerError) -> OnehandlerError:
    """Say the column only: which row it is stands beside it."""
    where = error.where.removeprefix("row[0]").lstrip(".")
    return type(error)(error.message, where=where) if isinstance(error, (InvalidInput, ModelError)) else error
