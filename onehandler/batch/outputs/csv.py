"""CSV results: row, offset, the carried columns, the model's outputs, error."""

from __future__ import annotations

import csv
import io
import json
from itertools import repeat
from math import isfinite
from typing import TYPE_CHECKING, Any

from onehandler.batch.outputs import check_names
from onehandler.batch.results import columns_of, flat, result_columns
from onehandler.codecs.csv import text_of
from onehandler.results import spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from onehandler.batch.inputs import Block, Layout
    from onehandler.batch.results import Result
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Csv:
    """The format of .csv."""

    extension = "csv"
    content_type = "text/csv; charset=utf-8"

    def check(self, signature: Signature, carry: Sequence[str]) -> None:
        """Any model."""
        check_names(["row", "offset", *result_columns(signature), "error"], carry)

    def writer(self, signature: Signature, layout: Layout) -> CsvWriter:
        """With the header written."""
        return CsvWriter(signature, layout.carry)

    def failed(self, body: bytes) -> Iterator[tuple[int, int, str]]:
        """The error is the last cell."""
        rows = csv.reader(io.StringIO(body.decode(), newline=""))
        next(rows, None)
        return ((int(row[0]), int(row[1]), row[-1]) for row in rows)

    def head_size(self, beginning: bytes) -> int | None:
        """The header; its names may have line breaks."""
        text = beginning.decode(errors="surrogateescape")
        lines = io.StringIO(text, newline="")
        next(csv.reader(lines), None)
        return len(text[: lines.tell()].encode(errors="surrogateescape"))

    def joined_head(self, head: bytes, rows: int) -> bytes:  # noqa: ARG002
        """The same."""
        return head


class CsvWriter:
    """Implements Writer."""

    def __init__(self, signature: Signature, carry: Sequence[str]) -> None:
        self._signature = signature
        self._columns = result_columns(signature)
        self._pieces = [_lines([["row", "offset", *carry, *self._columns, "error"]])]

    def block(self, first: int, block: Block, outputs: Tensors) -> None:
        """Column by column, so that most values need no looking at."""
        columns = [*block.carried(), *columns_of(self._signature, outputs)]
        numbers = range(first, first + len(block.offsets))
        rows = zip(numbers, block.offsets, *map(_written_column, columns), repeat(""), strict=False)
        self._pieces.append(_lines(rows))

    def results(self, results: Sequence[Result]) -> None:
        """A failed row has an error and no outputs."""
        self._pieces.append(_lines(self._cells(result) for result in results))

    def body(self) -> bytes:
        """All lines."""
        return b"".join(self._pieces)

    def _cells(self, result: Result) -> list[Any]:
        told = [result.row, result.offset, *map(_written, result.carried)]
        if result.error is None:
            return [*told, *map(_written, flat(result.prediction, self._signature)), ""]
        return [*told, *[""] * len(self._columns), str(result.error)]


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    return text_of(rows).encode(errors="replace")


def _written_column(values: list[Any]) -> list[Any]:
    """Numbers that are all finite are written as they are."""
    kinds = set(map(type, values))
    plain = kinds <= {int} or (kinds <= {int, float} and all(map(isfinite, values)))
    return values if plain else [_written(value) for value in values]


def _written(value: Any) -> Any:
    """A value as a cell. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    value = spelled(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return "'" + value
    return "" if value is None else value


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


OUTPUT = Csv()
