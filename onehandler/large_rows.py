"""Tensors from arrays that are read in parts: what `onehandler.rows` makes of lists, without holding them.

Every part becomes tensors before the next is read, so that all of it takes the memory of the tensors and one part.
"""

from __future__ import annotations

from itertools import chain, islice
from math import prod

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray, holds_large, listed
from onehandler.rows import check_equal_lengths, tensor_from_nested, tensor_from_rows, tensors_from_rows
from onehandler.signature import ANY, Signature, TensorSpec
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from onehandler.tensor import Tensors

_ROWS = 128  # of a table at a time
_WORDS = 10_000  # different texts that are looked for again
_FORMATS: dict[int, Any] = {8: "B", 16: "H", 32: "I", 64: "Q"}


def tensors_of_table(signature: Signature, rows: Iterable[Any], where: str = "rows") -> Tensors:
    """The inputs of rows that come one by one. Raises InvalidInput, also where there are none."""
    following = iter(rows)
    parts = iter(lambda: list(islice(following, _ROWS)), [])
    return tensors_of_rows(signature, LargeArray(lambda: parts), where)


def tensors_of_rows(signature: Signature, rows: Any, where: str) -> dict[str, Tensor]:
    """As `rows.tensors_from_rows`, of rows that are no list: InvalidInput unless they are a large array."""
    if not isinstance(rows, LargeArray):
        raise InvalidInput(f"must be an array of rows, {shown(rows)} came", where=where)
    stacks: dict[str, _Stack] = {}
    first = 0
    for part in chain.from_iterable(map(_apart, rows.parts())):
        try:
            for name, tensor in _tensors(signature, part, where).items():
                stacks.setdefault(name, _Stack(tensor)).add(tensor, f"{where}[0]")
        except InvalidInput as error:
            raise _moved(error, where, first) from None
        first += len(part)
    if not first:
        return tensors_from_rows(signature, [], where)
    return {name: stack.tensor() for name, stack in stacks.items()}


def tensor_of(spec: TensorSpec, array: Any, where: str) -> Tensor:
    """As `rows.tensor_from_nested`, of what is no list: InvalidInput unless it is a large array."""
    if not isinstance(array, LargeArray):
        raise InvalidInput(f"has 0 dimensions, the model takes {len(spec.shape)}", where=where)
    if not spec.shape:
        Tensor.of(spec.dtype, (), [array], where=where)  # refuses it
    loose = TensorSpec(spec.name, spec.dtype, (ANY,) * len(spec.shape), (), spec.nullable)
    stack = _Stack(tensor_from_nested(loose, [], where))
    for part in chain.from_iterable(map(_apart, array.parts())):
        try:
            held = isinstance(part[0], LargeArray)
            found = _as_row(_inner(loose, part[0], where)) if held else tensor_from_nested(loose, part, where)
            stack.add(found, where)
        except InvalidInput as error:
            raise _moved(error, where, stack.size) from None
    tensor = stack.tensor()
    spec.check(tensor)
    return tensor


def tensors_of_columns(signature: Signature, columns: dict[str, Any], where: str) -> dict[str, Tensor]:
    """As `rows.tensors_from_columns`, of columns of which some are large arrays, or none at all."""
    spec = signature.inputs[0]
    if len(signature.inputs) == 1 and spec.columns:
        return {spec.name: _table(spec, columns, where)}
    found = {
        each.name: _column(each, columns[each.name], f"{where}.{each.name}") for each in signature.inputs
    }
    check_equal_lengths({name: range(tensor.shape[0]) for name, tensor in found.items()}, where)
    return found


def _table(spec: TensorSpec, columns: dict[str, Any], where: str) -> Tensor:
    """Columns side by side."""
    width, bits = len(spec.columns), spec.dtype.bits
    flat = TensorSpec(spec.name, spec.dtype, (ANY,), (), spec.nullable)
    read = {name: _column(flat, columns[name], f"{where}.{name}") for name in spec.columns}
    # Not before: a table as long as one column among short ones would be many times the body.
    check_equal_lengths({name: range(column.size) for name, column in read.items()}, where)
    rows = read[spec.columns[0]].size
    if bits < 8:
        values: list[Any] = [None] * (rows * width)
        for place, name in enumerate(spec.columns):
            values[place::width] = read.pop(name).values()
        return Tensor.of(spec.dtype, (rows, width), values, where=where)
    table = bytearray(rows * width * bits // 8)
    cells = memoryview(table).cast(_FORMATS[bits])
    for place, name in enumerate(spec.columns):
        data: Any = read.pop(name).data
        cells[place::width] = memoryview(data).cast("B").cast(_FORMATS[bits])
    return Tensor(spec.dtype, (rows, width), table)


def _column(spec: TensorSpec, values: Any, where: str) -> Tensor:
    if isinstance(values, LargeArray):
        only = Signature([spec], [spec])
        return tensors_of_rows(only, values, where)[spec.name]
    if not isinstance(values, list):
        raise InvalidInput(f"must be an array, {shown(values)} came", where=where)
    if not values:
        return tensor_from_nested(TensorSpec(spec.name, spec.dtype, (ANY,)), values, where)
    return tensor_from_rows(spec, values, where)


def _apart(part: list[Any]) -> Iterator[list[Any]]:
    """The part as it is; where elements of it are or hold large arrays, every element by itself."""
    kinds = set(map(type, part))
    if LargeArray in kinds or (dict in kinds and any(map(holds_large, part))):
        for each in part:
            yield [each]
    else:
        yield part


def _tensors(signature: Signature, rows: list[Any], where: str) -> Tensors:
    """The tensors of some rows, or of one that is or holds large arrays."""
    row, specs = rows[0], signature.inputs
    if isinstance(row, LargeArray):
        if len(specs) > 1:
            return tensors_from_rows(signature, [listed(row, len(specs))], where)
        return {specs[0].name: _long_row(specs[0], row, f"{where}[0]")}
    if holds_large(row) and row.keys() == {spec.name for spec in specs}:
        return {spec.name: _value(spec, row[spec.name], f"{where}[0].{spec.name}") for spec in specs}
    return tensors_from_rows(signature, rows, where)  # refuses any other that holds a large array


def _long_row(spec: TensorSpec, row: LargeArray, where: str) -> Tensor:
    try:
        return _as_row(_inner(spec, row, where))
    except InvalidInput as error:
        column = error.where.removeprefix(f"{where}[").removesuffix("]")
        if len(spec.shape) != 2 or not column.isdecimal() or int(column) >= len(spec.columns):
            raise
        raise InvalidInput(error.message, where=f"{where}.{spec.columns[int(column)]}") from None


def _value(spec: TensorSpec, value: Any, where: str) -> Tensor:
    if isinstance(value, LargeArray):
        return _as_row(_inner(spec, value, where))
    return tensor_from_rows(spec, [value], where)


def _inner(spec: TensorSpec, array: LargeArray, where: str) -> Tensor:
    """A tensor of all dimensions but the first."""
    inner = TensorSpec(spec.name, spec.dtype, spec.shape[1:], (), spec.nullable)
    if len(inner.shape) != 1 or inner.shape[0] == ANY:
        return tensor_of(inner, array, where)
    found = tensor_of(TensorSpec(spec.name, spec.dtype, (ANY,), (), spec.nullable), array, where)
    if found.shape != inner.shape:
        raise InvalidInput(f"has {found.shape[0]} values, the model takes {inner.shape[0]}", where=where)
    return found


def _as_row(tensor: Tensor) -> Tensor:
    return Tensor(tensor.dtype, (1, *tensor.shape), tensor.data)


class _Stack:
    """Tensors that differ in their first dimension only, one after another."""

    def __init__(self, first: Tensor) -> None:
        self._dtype, self._inner = first.dtype, first.shape[1:]
        self._texts: list[str] = []
        self._known: dict[str, str] = {}
        self._numbers = bytearray()  # 4-bit ones, of which two share a byte, as a byte each
        self._rows = 0

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._rows * prod(self._inner)

    def add(self, tensor: Tensor, where: str) -> None:
        """Append; InvalidInput where it is of other sizes."""
        if not self._rows:
            self._inner = tensor.shape[1:]
        if tensor.shape[1:] != self._inner:
            raise InvalidInput(
                f"is ragged: its parts have {list(tensor.shape[1:])} and {list(self._inner)} entries",
                where=where,
            )
        if isinstance(tensor.data, list):
            self._texts += self._without_copies(tensor.data)
        elif self._dtype.bits < 8:
            self._numbers += bytes(value & 0xFF for value in tensor.values())
        else:
            self._numbers += memoryview(tensor.data).cast("B")
        self._rows += tensor.shape[0]

    def _without_copies(self, texts: list[str]) -> list[str]:
        """The texts, of which those that came before are the same objects: columns of few words are usual."""
        if len(self._known) < _WORDS:
            return [self._known.setdefault(text, text) for text in texts]
        return [self._known.get(text, text) for text in texts]

    def tensor(self) -> Tensor:
        """All of it."""
        shape = (self._rows, *self._inner)
        if not self._dtype.bits:
            return Tensor(self._dtype, shape, self._texts)
        if self._dtype.bits < 8:
            numbers = memoryview(self._numbers)
            return Tensor.of(self._dtype, shape, (numbers.cast("b") if self._dtype.low else numbers).tolist())
        return Tensor(self._dtype, shape, self._numbers)


def _moved(error: InvalidInput, where: str, count: int) -> InvalidInput:
    """The error with its place within a part counted from the beginning."""
    number, bracket, rest = error.where.removeprefix(f"{where}[").partition("]")
    if not error.where.startswith(f"{where}[") or not bracket or not number.isdecimal():
        return error
    return InvalidInput(error.message, where=f"{where}[{int(number) + count}]{rest}")
