"""Tensor: an element type, a shape and one contiguous buffer; no numpy needed, numpy welcome.

Tensor.of("float32", (2, 2), [1, 2, 3, 4])     from Python values, row-major
tensor.values()                                to Python values, row-major
numpy.asarray(tensor)                          shares the buffer, copies nothing
"""

from __future__ import annotations

from math import prod
from struct import error as StructError  # noqa: N812 - an exception's name is a class's
from struct import pack

from onehandler.dtypes import DType, dtype_named
from onehandler.errors import InvalidInput, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping, Sequence
    from typing import Any, Final, TypeAlias

    Buffer: TypeAlias = bytes | bytearray | memoryview | array[Any]
    Value: TypeAlias = float | int | bool | str
    Tensors: TypeAlias = "Mapping[str, Tensor]"

_NUMPY_TYPES = {
    "bool": "|b1", "int8": "|i1", "uint8": "|u1", "int16": "<i2", "uint16": "<u2", "int32": "<i4",
    "uint32": "<u4", "int64": "<i8", "uint64": "<u8", "float16": "<f2", "float32": "<f4", "float64": "<f8",
}  # fmt: skip


class Tensor:
    """A dense, row-major array of one element type.

    `data` is a C-contiguous buffer of exactly `dtype.nbytes(size)` bytes, or, for strings, a list of `size`
    Python strings. A tensor doesn't copy what it is given and isn't to be changed afterwards.
    """

    __slots__ = ("data", "dtype", "shape")

    def __init__(self, dtype: DType, shape: tuple[int, ...], data: Buffer | list[str]) -> None:
        count = prod(shape)
        if isinstance(data, list) or not dtype.bits:
            fits = isinstance(data, list) and not dtype.bits and len(data) == count
        else:  # every output is bytes: asking them for their length saves 0.2 µs
            fits = (len(data) if type(data) is bytes else _extent(data)) == dtype.nbytes(count)
        if not fits:
            raise _misfit(dtype, shape, data)
        self.dtype: Final = dtype
        self.shape: Final = shape
        self.data: Final = data

    @classmethod
    def of(
        cls, dtype: str | DType, shape: Sequence[int], values: Sequence[Any], *, where: str = ""
    ) -> Tensor:
        """Build from `prod(shape)` Python values in row-major order.

        Floats take int and float (not bool); integers take integers in range; bool takes bool; string takes
        str. InvalidInput says which value is none of these, at `where`[index].
        """
        kind = dtype if isinstance(dtype, DType) else dtype_named(dtype)
        return cls(kind, tuple(shape), stored(kind, values, set(map(type, values)), where))

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the buffer; for strings, of their UTF-8."""
        if isinstance(self.data, list):
            return sum(len(text.encode()) for text in self.data)
        return memoryview(self.data).nbytes

    def values(self) -> list[Any]:
        """All elements in row-major order as Python numbers, booleans or strings."""
        if isinstance(self.data, list):
            return self.data
        if 0 in self.shape:
            return []  # Python casts no empty view
        if self.dtype.native:
            view: Any = memoryview(self.data)
            if type(self.data) is not bytes:  # what a run gives is
                view = view.cast("B")
            found: list[Any] = view.cast(self.dtype.typecode).tolist()
            return found
        # Bit patterns without a Python type are rare: their arithmetic stays off the cold path.
        from onehandler import bit_patterns

        return bit_patterns.decode(self.dtype, memoryview(self.data).cast("B"), self.size)

    def nested(self) -> Any:
        """The elements as lists of lists after the shape; a plain value when the shape is ()."""
        shape, values = self.shape, self.values()
        if len(shape) < 2:
            return values if shape else values[0]
        if not values:
            return _empty(shape)
        if shape[0] == 1 and len(shape) == 2:
            return [values]
        for dimension in reversed(shape[1:]):
            values = [values[i : i + dimension] for i in range(0, len(values), dimension)]
        return values

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Let numpy see the buffer. Raises AttributeError (as the protocol asks) where numpy has no such type."""
        typestr = _NUMPY_TYPES.get(self.dtype.name)
        if typestr is None or isinstance(self.data, list):
            raise AttributeError(f"numpy has no element type {self.dtype.name}; use values()")
        return {"version": 3, "shape": self.shape, "typestr": typestr, "data": memoryview(self.data)}

    def __repr__(self) -> str:
        return f"Tensor({self.dtype.name}{list(self.shape)})"


def _extent(data: Buffer) -> int:
    """Bytes of a contiguous buffer; -1 for any other."""
    view = memoryview(data)
    return view.nbytes if view.c_contiguous else -1


def _misfit(dtype: DType, shape: tuple[int, ...], data: Buffer | list[str]) -> InvalidInput:
    takes = f"{dtype.nbytes(prod(shape))} contiguous bytes" if dtype.bits else f"{prod(shape)} strings"
    came = f"{len(data)} strings" if isinstance(data, list) else f"{memoryview(data).nbytes} bytes"
    return InvalidInput(f"{dtype.name}{list(shape)} takes {takes}, {came} came")


def stored(dtype: DType, values: Sequence[Any], kinds: set[type], where: str) -> Buffer | list[str]:
    """Python values, which are of these types, as this type's buffer; InvalidInput as `Tensor.of`."""
    wanted = _ACCEPTED[dtype.family]
    if not kinds <= wanted:
        index, value = next((i, v) for i, v in enumerate(values) if type(v) not in wanted)
        raise InvalidInput(
            f"{dtype.name} takes {_WORDS[dtype.family]}, not {shown(value)}", where=f"{where}[{index}]"
        )
    if dtype.family == "string":
        return list(values)
    if not dtype.native:
        from onehandler import bit_patterns  # see Tensor.values

        return bit_patterns.encode(dtype, values, where)
    try:
        return pack(f"<{len(values)}{dtype.typecode}", *values)
    except (OverflowError, StructError):
        raise _out_of_range(dtype, values, where) from None


_ACCEPTED = {
    "float": frozenset({int, float}),
    "int": frozenset({int}),
    "bool": frozenset({bool}),
    "string": frozenset({str}),
}
_WORDS = {"float": "numbers", "int": "whole numbers", "bool": "true or false", "string": "strings"}
_LARGEST = {"float32": "3.4e38", "float64": "1.8e308"}


def _out_of_range(dtype: DType, values: Sequence[Any], where: str) -> InvalidInput:
    """The error for the first value that doesn't fit."""
    index = next(i for i, value in enumerate(values) if not _fits(dtype, value))
    if dtype.family == "float":
        message = f"too large for {dtype.name}, whose largest is {_LARGEST[dtype.name]}"
    else:
        message = f"{dtype.name} takes {dtype.low} to {dtype.high}"
    return InvalidInput(message, where=f"{where}[{index}]")


def _fits(dtype: DType, value: Any) -> bool:
    if dtype.family == "int":
        return bool(dtype.low <= value <= dtype.high)
    try:
        pack(f"<{dtype.typecode}", value)
    except (OverflowError, StructError):
        return False
    return True


def _empty(shape: tuple[int, ...]) -> list[Any]:
    """Nested lists of a shape with no elements: (2, 0) is [[], []]."""
    if len(shape) == 1:
        return []
    return [_empty(shape[1:]) for _ in range(shape[0])]
