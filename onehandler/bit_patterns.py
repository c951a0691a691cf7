"""Element types that Python has no numbers for: bool, float16, bfloat16, float8 and 4-bit integers.

Each is stored as the bit patterns that ONNX defines; floats round once, to nearest, ties to even. Formats of
float8: https://onnx.ai/onnx/technical/float8.html
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from math import copysign, isnan

from onehandler.errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

    from onehandler.dtypes import DType
    from onehandler.tensor import Buffer

_INFINITY = float("inf")
_NAN = float("nan")
_SIGN8 = 0x80


class _Float8:
    """An 8-bit float. `numbers` are those of the patterns without sign, in order, up to the largest."""

    __slots__ = ("infinity", "nan", "numbers", "signed_zero")

    def __init__(self, mantissa: int, bias: int, last: int, nan: int, infinity: int = -1) -> None:
        self.nan: Final = nan
        self.infinity: Final = infinity  # its pattern; -1: has none
        self.signed_zero: Final = nan != _SIGN8
        self.numbers: Final = [_number(pattern, mantissa, bias) for pattern in range(last + 1)]

    def decoded(self) -> list[float]:
        """The number of each of the 256 patterns."""
        numbers = [*self.numbers, *[_NAN] * (_SIGN8 - len(self.numbers))]
        if self.infinity >= 0:
            numbers[self.infinity] = _INFINITY
        below = [-number for number in numbers]
        if not self.signed_zero:
            below[0] = _NAN
        return numbers + below

    def encoded(self, value: float) -> int:
        """The nearest pattern; -1 when the value is too large."""
        if isnan(value):
            return self.nan
        magnitude = abs(value)
        pattern = self.infinity if magnitude == _INFINITY else self._nearest(magnitude)
        negative = copysign(1.0, value) < 0 and (pattern or self.signed_zero)
        return pattern | _SIGN8 if negative and pattern >= 0 else pattern

    def _nearest(self, magnitude: float) -> int:
        numbers = self.numbers
        above = bisect_left(numbers, magnitude)
        if above == 0:
            return 0
        low = numbers[above - 1]
        # What the next pattern would be, did it not mean infinity or NaN, decides where "too large" begins.
        high = numbers[above] if above < len(numbers) else 2 * low - numbers[above - 2]
        further = (magnitude - low) - (high - magnitude)
        if further > 0 or (further == 0 and above % 2 == 0):
            return above if above < len(numbers) else -1
        return above - 1


def _number(pattern: int, mantissa: int, bias: int) -> float:
    exponent, fraction = divmod(pattern, 1 << mantissa)
    if exponent == 0:
        return fraction * 2.0 ** (1 - bias - mantissa)
    return (1 + fraction / (1 << mantissa)) * 2.0 ** (exponent - bias)


_FLOAT8 = {
    "float8e4m3fn": _Float8(3, 7, last=0x7E, nan=0x7F),
    "float8e4m3fnuz": _Float8(3, 8, last=0x7F, nan=0x80),
    "float8e5m2": _Float8(2, 15, last=0x7B, nan=0x7E, infinity=0x7C),
    "float8e5m2fnuz": _Float8(2, 16, last=0x7F, nan=0x80),
}
_LARGEST = {"float16": 65504.0, "bfloat16": 3.3895313892515355e38} | {
    name: numbers.numbers[-1] for name, numbers in _FLOAT8.items()
}


def encode(dtype: DType, values: Sequence[Any], where: str) -> Buffer:
    """Values of the right Python kind as the type's buffer; InvalidInput points at one out of range."""
    if dtype.name == "bool":
        return bytes(values)
    if dtype.family == "int":
        return _packed(dtype, values, where)
    try:
        floats = array("d", values)
    except OverflowError:  # a whole number beyond the largest double
        index = next(i for i, value in enumerate(values) if isinstance(value, int) and abs(value) > 2**1023)
        raise _too_large(dtype, where, index) from None
    if dtype.name == "float16":
        return _halves(dtype, floats, where)
    if dtype.name == "bfloat16":
        return _brains(dtype, floats, where)
    return _eighths(dtype, floats, where)


def decode(dtype: DType, data: memoryview, count: int) -> list[Any]:
    """The buffer's elements as Python booleans, integers or floats."""
    if dtype.name == "bool":
        return list(map(bool, data))
    if dtype.family == "int":
        return _unpacked(dtype, data, count)
    if dtype.name == "float16":
        return list(struct.unpack(f"<{count}e", data))
    if dtype.name == "bfloat16":
        wide = array("I", (pattern << 16 for pattern in data.cast("H")))
        return memoryview(wide).cast("B").cast("f").tolist()
    table = _FLOAT8[dtype.name].decoded()
    return [table[pattern] for pattern in data]


def _halves(dtype: DType, values: array[float], where: str) -> bytes:
    try:
        return struct.pack(f"<{len(values)}e", *values)
    except OverflowError:
        # 65520 lies half-way to the next power of two, which is the even neighbour.
        index = next(i for i, value in enumerate(values) if 65520 <= abs(value) < _INFINITY)
        raise _too_large(dtype, where, index) from None


def _brains(dtype: DType, values: array[float], where: str) -> Buffer:
    """bfloat16 is the upper half of a float32, rounded."""
    narrow = array("f", values)
    patterns = memoryview(narrow).cast("B").cast("I") if narrow else ()
    found = array("H")
    for index, (value, near, pattern) in enumerate(zip(values, narrow, patterns, strict=True)):
        if isnan(value):
            found.append(0x7FC0)
            continue
        if near != value and abs(near) != _INFINITY:
            # Rounding twice to nearest could go astray at a tie: the first time, round to odd.
            pattern = (pattern - (abs(near) > abs(value))) | 1  # noqa: PLW2901
        rounded = (pattern + 0x7FFF + ((pattern >> 16) & 1)) >> 16
        if rounded & 0x7FFF == 0x7F80 and abs(value) != _INFINITY:
            raise _too_large(dtype, where, index)
        found.append(rounded)
    return found


def _eighths(dtype: DType, values: array[float], where: str) -> bytes:
    encoded = _FLOAT8[dtype.name].encoded
    found = bytearray(len(values))
    for index, value in enumerate(values):
        pattern = encoded(value)
        if pattern < 0:
            raise _too_large(dtype, where, index)
        found[index] = pattern
    return bytes(found)


def _too_large(dtype: DType, where: str, index: int) -> InvalidInput:
    return InvalidInput(
        f"too large for {dtype.name}, whose largest is {_LARGEST[dtype.name]:g}", where=f"{where}[{index}]"
    )


def _packed(dtype: DType, values: Sequence[Any], where: str) -> bytes:
    """4-bit integers, two to a byte, the first in the low half."""
    for index, value in enumerate(values):
        if not dtype.low <= value <= dtype.high:
            raise InvalidInput(f"{dtype.name} takes {dtype.low} to {dtype.high}", where=f"{where}[{index}]")
    halves = [value & 15 for value in values] + [0] * (len(values) % 2)
    return bytes(low | high << 4 for low, high in zip(halves[::2], halves[1::2], strict=True))


def _unpacked(dtype: DType, data: memoryview, count: int) -> list[int]:
    halves = [half for byte in data for half in (byte & 15, byte >> 4)][:count]
    return [half - 16 if dtype.low and half > 7 else half for half in halves]
