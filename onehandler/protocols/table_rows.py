"""Records of text cells, as CSV has them, to rows that `onehandler.rows` takes: each cell in its column's type."""

from __future__ import annotations

from itertools import chain
from math import isfinite, isnan

from onehandler.errors import InvalidInput
from onehandler.rows import require_rows
from onehandler.signature import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from onehandler.signature import Signature, TensorSpec

    Cell = Callable[[str], Any]

PRESENT, ABSENT = "present", "absent"  # values of the header parameter of text/csv (RFC 4180)
_MISSING = frozenset({"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"})  # as in batch scoring
_BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


def rows_of(signature: Signature, records: Iterator[list[str]], header: str = "") -> Iterator[Any]:
    """Every record as a list in the order of the model's columns, or as the one value there is.

    The first record is a header if it holds the name of every column, unless `header` says "present" or "absent".
    Other columns in a header are left alone. InvalidInput says which row doesn't fit.
    """
    require_rows(signature)
    first = next(records, None)
    if first is None:
        raise InvalidInput("holds no row; send at least one", where="body")
    names, kinds = _columns(signature, len(first))
    has_header = header == PRESENT or (header != ABSENT and bool(names) and set(names) <= set(first))
    places = _places(names, first) if has_header and names else range(len(kinds))
    rest = enumerate(records if has_header else chain([first], records))
    cells = list(zip(places, kinds, strict=True))
    width = len(first) if has_header else len(kinds)
    if len(signature.inputs[0].shape) == 1 and len(kinds) == 1:
        place, cell = cells[0]
        return (cell(record[place]) for record in _as_wide(rest, width))
    return ([cell(record[place]) for place, cell in cells] for record in _as_wide(rest, width))


def _as_wide(records: Iterator[tuple[int, list[str]]], width: int) -> Iterator[list[str]]:
    for number, record in records:
        if len(record) != width:
            raise InvalidInput(f"has {len(record)} cells where {width} are needed", where=f"rows[{number}]")
        yield record


def _columns(signature: Signature, found: int) -> tuple[tuple[str, ...], list[Cell]]:
    """The names of the columns that a table has for this model, none where they have none, and their types."""
    spec = signature.inputs[0]
    if len(signature.inputs) == 1 and len(spec.shape) == 2:
        width = found if spec.shape[1] == ANY else spec.shape[1]
        names = spec.columns or ((spec.name,) if width == 1 else ())
        return names, [_cell(spec)] * width
    if all(len(each.shape) == 1 or each.shape[1:] == (1,) for each in signature.inputs):
        return tuple(each.name for each in signature.inputs), [_cell(each) for each in signature.inputs]
    raise InvalidInput("this model's inputs are no columns of a table; send JSON", where="body")


def _places(names: Sequence[str], header: Sequence[str]) -> list[int]:
    """Where each of the model's columns stands."""
    missing = [name for name in names if name not in header]
    if missing:
        raise InvalidInput(f"the header lacks '{missing[0]}' and {len(missing) - 1} more", where="header")
    twice = [name for name in names if header.count(name) > 1]
    if twice:
        raise InvalidInput(f"the header names '{twice[0]}' more than once", where="header")
    return [header.index(name) for name in names]


def _cell(spec: TensorSpec) -> Cell:
    return _CELLS[spec.dtype.family]


def _number(cell: str) -> float | str | None:
    if cell.strip() in _MISSING:
        return None
    if "_" in cell or not cell.isascii():  # which Python takes for digits
        return cell
    try:
        value = float(cell)
    except ValueError:
        return cell  # the tensor says what it takes instead
    if isfinite(value):
        return value
    overflows = any(character.isdigit() for character in cell)  # into an infinity that nobody wrote
    return cell if overflows else None if isnan(value) else value


def _whole(cell: str) -> float | str | None:
    number = cell.strip()  # of some characters more than int() does
    digits = number.removeprefix("-")
    return int(number) if digits.isdecimal() and digits.isascii() and len(digits) < 20 else _number(cell)


_CELLS: dict[str, Cell] = {
    "float": _number,
    "int": _whole,
    "bool": lambda cell: _BOOLEANS.get(cell.strip().lower(), cell),
    "string": str,
}
