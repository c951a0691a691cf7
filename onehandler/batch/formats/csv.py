"""CSV: a header of column names in any order, one row a line, UTF-8, comma, double quotes.

Columns the model doesn't take are left alone. An empty cell is a missing value. A line break inside a quoted
cell is refused row by row: a byte range cannot tell it from the end of a row.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from onehandler.batch.results import flat, result_columns
from onehandler.errors import InvalidInput, MalformedBody
from onehandler.results import spelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onehandler.batch.results import Result
    from onehandler.signature import Signature, TensorSpec

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

    def write(self, results: Iterable[Result], signature: Signature) -> bytes:
        """Columns row, offset, the model's outputs, error; a failed row has an error and no outputs."""
        names = result_columns(signature)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["row", "offset", *names, "error"])
        for result in results:
            if result.error is None:
                cells = [_written(value) for value in flat(result.prediction, signature)]
                writer.writerow([result.row, result.offset, *cells, ""])
            else:
                writer.writerow([result.row, result.offset, *[""] * len(names), str(result.error)])
        return text.getvalue().encode()


def model_columns(signature: Signature) -> list[tuple[str, TensorSpec]]:
    """The columns a table needs: the features of a single input, or the inputs themselves.

    Raises InvalidInput for a model that a flat table cannot feed.
    """
    if len(signature.inputs) == 1 and signature.inputs[0].columns:
        return [(name, signature.inputs[0]) for name in signature.inputs[0].columns]
    if all(len(spec.shape) == 1 or spec.shape[1:] == (1,) for spec in signature.inputs):
        return [(spec.name, spec) for spec in signature.inputs]
    raise InvalidInput("this model's inputs have no column names; drop JSON Lines instead")


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


def _written(value: Any) -> Any:
    """A value as a cell. Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    value = spelled(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, separators=(",", ":"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA) else value


FORMAT = Csv()
