"""CSV: a header of column names in any order, one row a line, UTF-8, comma, double quotes.

Columns the model doesn't take are left alone. An empty cell is a missing value. A line break inside a quoted
cell is refused row by row: a byte range cannot tell it from the end of a row.
"""

from __future__ import annotations

import csv
import io
import json
from itertools import chain, repeat
from math import isfinite
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson

from onehandler.batch.results import columns_of, flat, result_columns
from onehandler.errors import InvalidInput, MalformedBody
from onehandler.results import spelled
from onehandler.tensor import Tensor, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from onehandler.batch.results import Result
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensors

_BOM = "\ufeff"
_MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Csv:
    """The format under ".csv"."""

    extension = "csv"
    content_type = "text/csv; charset=utf-8"

    def header(self, first_line: bytes, signature: Signature) -> list[str]:
        """The header's names; all of the model's columns must be among them, once each."""
        names = _cells(first_line.removeprefix(_BOM.encode()))
        wanted = [name for name, _ in model_columns(signature)]
        missing = [name for name in wanted if name not in names]
        if missing:
            listed = ", ".join(f"'{name}'" for name in missing[:12])
            raise InvalidInput(
                f"the header lacks {len(missing)} of the model's columns: {listed}", where="line 1"
            )
        twice = [name for name in wanted if names.count(name) > 1]
        if twice:
            raise InvalidInput(f"the header names '{twice[0]}' more than once", where="line 1")
        return names

    def row(self, record: bytes, columns: list[str], signature: Signature) -> dict[str, Any]:
        """One line as an object by column name, each cell in the type its column has."""
        cells = _cells(record)
        if len(cells) != len(columns):
            raise InvalidInput(f"has {len(cells)} cells, the header has {len(columns)}")
        by_name = dict(zip(columns, cells, strict=True))
        return {name: _CELLS[spec.dtype.family](by_name[name]) for name, spec in model_columns(signature)}

    def tensors(self, lines: Sequence[bytes], columns: list[str], signature: Signature) -> Tensors | None:
        """Numbers of one input: read as JSON where they look like it, else by the csv module."""
        spec = signature.inputs[0]
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

    def head(self, signature: Signature) -> bytes:
        """Columns row, offset, the model's outputs, error."""
        return _lines([["row", "offset", *result_columns(signature), "error"]])

    def write(self, results: Iterable[Result], signature: Signature) -> bytes:
        """A failed row has an error and no outputs."""
        blank = [""] * len(result_columns(signature))
        return _lines(_cells_of(result, signature, blank) for result in results)

    def write_block(
        self, first: int, offsets: Sequence[int], outputs: Tensors, signature: Signature
    ) -> bytes:
        """Column by column, so that most values need no looking at."""
        written = map(_written_column, columns_of(signature, outputs))
        numbers = range(first, first + len(offsets))
        return _lines(zip(numbers, offsets, *written, repeat(""), strict=False))


def model_columns(signature: Signature) -> list[tuple[str, TensorSpec]]:
    """The columns a table needs: the features of a single input, or the inputs themselves.

    Raises InvalidInput for a model that a flat table cannot feed.
    """
    if len(signature.inputs) == 1 and signature.inputs[0].columns:
        return [(name, signature.inputs[0]) for name in signature.inputs[0].columns]
    if all(len(spec.shape) == 1 or spec.shape[1:] == (1,) for spec in signature.inputs):
        return [(spec.name, spec) for spec in signature.inputs]
    raise InvalidInput("this model's inputs have no column names; drop JSON Lines instead")


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
        hint = "" if text.count('"') % 2 == 0 else "; a line break inside a quoted cell is not supported"
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


def _lines(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _cells_of(result: Result, signature: Signature, blank: list[str]) -> list[Any]:
    if result.error is None:
        cells = [_written(value) for value in flat(result.prediction, signature)]
        return [result.row, result.offset, *cells, ""]
    return [result.row, result.offset, *blank, str(result.error)]


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
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMAT = Csv()
