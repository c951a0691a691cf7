"""Score: one chunk of a job becomes one part, and whoever does the last one writes `_SUCCESS`."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from onehandler.batch.finish import finish
from onehandler.batch.formats import format_named, name_for_type
from onehandler.batch.job import Manifest
from onehandler.batch.lines import RECORD_LIMIT, Lines, line_blocks
from onehandler.batch.ports import Location, Status
from onehandler.batch.results import Result
from onehandler.errors import BundleError, InvalidInput, ModelError, OnehandlerError, RequestError, TooLarge
from onehandler.results import named_rows
from onehandler.rows import tensors_from_rows
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.batch.formats import Format
    from onehandler.batch.ports import Ledger, ObjectStore
    from onehandler.handler import Handler
    from onehandler.signature import Signature

# Measured with forests of 30 and models of 784 features: beyond these a run gets no faster, only its memory larger.
_BLOCK_VALUES = 128 * 1024
_LEAST_ROWS, _MOST_ROWS = 16, 4096


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk's outcome: its rows, how many of them failed."""

    manifest: Manifest
    number: int
    rows: int
    failed: int
    repeated: bool = False  # the part was there already
    finished: bool = False  # it was the last one: the job has its marker
    cancelled: bool = False  # the job is: nothing was done


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
        if self.ledger.status(manifest.job) is Status.CANCELLED:
            return Chunk(manifest, number, 0, 0, cancelled=True)
        chosen = format_named(manifest.format)
        where = Location(self.results, manifest.part_name(number, chosen.extension))
        counts = self._counts(where)
        repeated = counts is not None
        rows, failed = counts or self._write(manifest, number, chosen, where)
        last = self.ledger.complete(manifest.job, number, manifest.chunks, (rows, failed))
        finished = last and finish(self.store, self.ledger, self.results, manifest)
        return Chunk(manifest, number, rows, failed, repeated, finished)

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

        def read(first: int, last: int) -> bytes:
            return self.store.read(manifest.source, first, min(last, manifest.size))

        part = _Part(self.handler, chosen, manifest.columns)
        for lines in line_blocks(read, start, end, manifest.data_start):
            part.add(lines)
        counts = {"rows": str(part.rows), "failed": str(part.failed)}
        if not self.store.create(where, b"".join(part.body), chosen.content_type, counts):
            return self._counts(where) or (part.rows, part.failed)  # another worker was sooner
        return part.rows, part.failed


class _Part:
    """A part's results as they come: `body` in pieces, `rows` and of these `failed`."""

    def __init__(self, handler: Handler, chosen: Format, columns: list[str]) -> None:
        self.body = [chosen.head(handler.signature)]
        self.rows = self.failed = 0
        self._handler = handler
        self._chosen = chosen
        self._columns = columns
        self._block = block_rows(handler.signature)

    def add(self, lines: Lines) -> None:
        """Score lines, a block at a time."""
        for first in range(0, len(lines), self._block):
            block = lines.part(first, self._block)
            self.body.append(self._at_once(block) or self._one_by_one(block))
            self.rows += len(block)

    def _at_once(self, block: Lines) -> bytes | None:
        """All rows in one run, or None where any could be at fault."""
        if max(map(len, block.contents)) > RECORD_LIMIT:
            return None
        signature = self._handler.signature
        tensors = self._chosen.tensors(block.contents, self._columns, signature)
        if tensors is None:
            return None
        try:
            outputs = self._handler.predict(tensors)
        except (RequestError, ModelError):
            return None
        return self._chosen.write_block(self.rows + 1, block.offsets, outputs, signature)

    def _one_by_one(self, block: Lines) -> bytes:
        results = list(score_lines(self._handler, self._chosen, self._columns, block, self.rows + 1))
        self.failed += sum(result.error is not None for result in results)
        return self._chosen.write(results, self._handler.signature)


def block_rows(signature: Signature) -> int:
    """Rows a run takes at once: many, as long as their tensors stay small."""
    sizes = [
        prod(spec.shape[1:]) for spec in (*signature.inputs, *signature.outputs) if ANY not in spec.shape[1:]
    ]
    return max(_LEAST_ROWS, min(_MOST_ROWS, _BLOCK_VALUES // max(1, sum(sizes))))


def score_lines(
    handler: Handler, chosen: Format, columns: list[str], lines: Lines, first: int
) -> Iterator[Result]:
    """Answer lines, one result each, in order, numbered from `first`."""
    parsed = [_parsed(handler, chosen, columns, line) for line in lines.contents]
    answers = iter(_answers(handler, [row for row in parsed if not isinstance(row, OnehandlerError)]))
    for number, (offset, row) in enumerate(zip(lines.offsets, parsed, strict=True), start=first):
        answer = row if isinstance(row, OnehandlerError) else next(answers)
        if isinstance(answer, OnehandlerError):
            yield Result(number, offset, error=answer)
        else:
            yield Result(number, offset, prediction=answer)


def score_bytes(handler: Handler, content: bytes, media_type: str) -> Iterator[Result]:
    """Answer a whole file of rows that is in memory. Raises InvalidInput for a header that doesn't fit."""
    chosen = format_named(name_for_type(media_type))
    head, newline, _ = content.partition(b"\n")
    columns = chosen.header(head.removesuffix(b"\r"), handler.signature) if content else []
    start = len(head) + len(newline) if columns else 0
    rows, block = 1, block_rows(handler.signature)
    for lines in line_blocks(lambda a, b: content[a:b], start, len(content), start):
        for first in range(0, len(lines), block):
            part = lines.part(first, block)
            yield from score_lines(handler, chosen, columns, part, rows)
            rows += len(part)


def _parsed(handler: Handler, chosen: Format, columns: list[str], line: bytes) -> Any:
    """The line as a row, or the error that it is."""
    if len(line) > RECORD_LIMIT:
        return TooLarge(f"the row is longer than {RECORD_LIMIT} bytes")
    try:
        return chosen.row(line, columns, handler.signature)
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
