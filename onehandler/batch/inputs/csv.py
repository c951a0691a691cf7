"""CSV: a header of column names in any order, one row a line, UTF-8, comma, double quotes.

Columns the model doesn't take are left alone. An empty cell is a missing value. Line breaks within quotes belong to
their cell if the file's first mebibyte has such, or if they were asked for.
"""

from __future__ import annotations

import csv
from itertools import chain
from math import isfinite
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from onehandler.batch.inputs import Layout
from onehandler.batch.inputs.columns import check_columns, model_columns
from onehandler.batch.inputs.line_block import LineBlock
from onehandler.batch.inputs.lines import RECORD_LIMIT, line_blocks
from onehandler.batch.inputs.quotes import first_record, has_quoted_breaks
from onehandler.errors import InvalidInput, MalformedBody
from onehandler.tensor import Tensor, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from onehandler.batch.inputs import Asked, File
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensors

_BOM = "\ufeff"
_MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
_QUOTED_HINT = "if a line break stands in a quoted cell, submit the file with --quoted-newlines"
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class Csv:
    """The format under ".csv"."""

    def layout(self, file: File, signature: Signature, asked: Asked) -> Layout:
        """Byte ranges; the header's names, among which all of the model's columns must be, once each."""
        sample = file.read(0, RECORD_LIMIT + 1)
        if not sample:
            return Layout(0)
        header, start = first_record(sample)
        if len(header) > RECORD_LIMIT:
            raise InvalidInput(f"is longer than {RECORD_LIMIT} bytes", where="line 1")
        columns = _cells(header.removeprefix(_BOM.encode()))
        check_columns(columns, signature, asked.carry, "the header", "line 1")
        quoted = has_quoted_breaks(sample[start:], len(columns)) if asked.quoted is None else asked.quoted
        chunks = -(-(file.size - start) // asked.chunk_bytes)
        return Layout(chunks, start, asked.chunk_bytes, columns, list(asked.carry), quoted=quoted)

    def blocks(
        self,
        file: File,
        layout: Layout,
        chunk: int,
        *,
        inside: bool,
        most: int,  # noqa: ARG002
    ) -> Iterator[LineBlock]:
        """Records, as many as a read gives."""
        start, end = layout.range_of(chunk, file.size)
        for lines in line_blocks(file.read, start, end, layout.start, inside if layout.quoted else None):
            yield LineBlock(self, lines, layout)

    def row(self, record: bytes, layout: Layout, signature: Signature) -> dict[str, Any]:
        """One record as an object by column name, each cell in the type its column has."""
        cells = _cells(record)
        if len(cells) != len(layout.columns):
            raise InvalidInput(f"has {len(cells)} cells, the header has {len(layout.columns)}")
        by_name = dict(zip(layout.columns, cells, strict=True))
        return {name: _CELLS[spec.dtype.family](by_name[name]) for name, spec in model_columns(signature)}

    def carried(self, record: bytes, layout: Layout) -> list[Any]:
        """Cells as they came; None where the record is not what the header says."""
        try:
            cells = _cells(record)
        except MalformedBody:
            cells = []
        if len(cells) != len(layout.columns):
            return [None] * len(layout.carry)
        return [cells[layout.columns.index(name)] for name in layout.carry]

    def tensors(self, lines: Sequence[bytes], layout: Layout, signature: Signature) -> Tensors | None:
        """Numbers of one input: read as JSON where they look like it, else by the csv module."""
        spec, columns = signature.inputs[0], layout.columns
        if len(signature.inputs) != 1 or not spec.columns or spec.dtype.family not in ("float", "int"):
            return None
        wanted = tuple(map(columns.index, spec.columns))
        plain = _as_json(lines)
        rows = _as_csv(lines) if plain is None else plain
        if rows is None or len(rows) != len(lines) or set(map(len, rows)) != {len(columns)}:
            return None
        if wanted != tuple(range(len(columns))):
            # An itemgetter of one index gives no tuple.
            rows = (
                [*map(itemgetter(*wanted), rows)] if len(wanted) > 1 else [[row[wanted[0]]] for row in rows]
            )
        values = [*chain.from_iterable(rows)]
        return _tensors(spec, values if plain is not None else _parsed(spec, values))


def _tensors(spec: TensorSpec, values: list[Any]) -> Tensors | None:
    """Numbers in row-major order as the model's one input; None when they aren't, or don't all fit."""
    kinds = set(map(type, values))
    if not values or not kinds <= ({int, float} if spec.dtype.family == "float" else {int}):
        return None
    width = len(spec.columns)
    try:
        data = stored(spec.dtype, values, kinds, "")
    except InvalidInput:
        return None
    return {spec.name: Tensor(spec.dtype, (len(values) // width, width), data)}


def _as_json(lines: Sequence[bytes]) -> list[Any] | None:
    """Cells that are all numbers as JSON writes them: three times as fast as the csv module."""
    text = b"],[".join(lines)
    between = len(lines) - 1
    if text.count(b"[") != between or text.count(b"]") != between or b'"' in text or b"{" in text:
        return None  # a line that isn't one row
    if text.count(b"-0") != text.count(b"-0.") + text.count(b"e-0"):
        return None  # perhaps -0, which is no whole number and would lose its sign
    try:
        found: list[Any] = orjson.loads(b"[[" + text + b"]]")
    except orjson.JSONDecodeError:
        return None
    return found


def _as_csv(lines: Sequence[bytes]) -> list[Any] | None:
    try:
        return list(csv.reader([line.decode() for line in lines], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None


def _parsed(spec: TensorSpec, cells: list[str]) -> list[Any]:
    """All cells as numbers, as `row` reads them; none when one is missing or is no number."""
    try:
        values = [*map(float if spec.dtype.family == "float" else int, cells)]
    except ValueError:
        return []
    return values if all(map(isfinite, values)) else []


def _cells(record: bytes) -> list[str]:
    try:
        text = record.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"byte {error.start} of the line is not UTF-8") from None
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        hint = "" if text.count('"') % 2 == 0 else f"; {_QUOTED_HINT}"
        raise MalformedBody(f"is not a CSV line: {error}{hint}") from None


def _number(cell: str) -> float | str | None:
    if cell.strip() in _MISSING:
        return None
    try:
        return float(cell)
    except ValueError:
        return cell  # the tensor says what it takes instead


def _whole(cell: str) -> int | float | str | None:
    try:
        return int(cell)
    except ValueError:
        return _number(cell)


_CELLS: dict[str, Callable[[str], Any]] = {
    "float": _number,
    "int": _whole,
    "bool": lambda cell: _BOOLEANS.get(cell.strip().lower(), cell),
    "string": str,
}


INPUT = Csv()
