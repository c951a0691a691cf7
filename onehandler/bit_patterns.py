"""Element types that Python has no numbers for: bool, float16, bfloat16, float8 and 4-bit integers.

Each is stored as the bit patterns that ONNX defines; floats round to nearest, ties to even. Formats of float8:
https://onnx.ai/onnx/technical/float8.html
"""

from __future__ import annotations

import struct
from array import array
from math import isnan

from onehandler.errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from onehandler.dtypes import DType
    from onehandler.tensor import Buffer

_INFINITY = float("inf")
_NAN = float("nan")


class _Format:
    """A small float: bits of exponent and mantissa, its bias, and how it says infinity and NaN."""

    __slots__ = ("bias", "exponent", "finite", "mantissa", "unsigned_zero")

    def __init__(self, exponent: int, mantissa: int, bias: int, *, finite: bool, unsigned_zero: bool) -> None:
        self.exponent = exponent
        self.mantissa = mantissa
        self.bias = bias
        self.finite = finite  # no infinities: the top exponent holds numbers too
        self.unsigned_zero = unsigned_zero  # the pattern of -0 is NaN, the only one

    def value(self, pattern: int) -> float:
        """The number that a bit pattern stands for."""
        width = self.exponent + self.mantissa
        sign = -1.0 if pattern >> width else 1.0
        exponent = (pattern >> self.mantissa) & ((1 << self.exponent) - 1)
        fraction = pattern & ((1 << self.mantissa) - 1)
        if self.unsigned_zero and pattern == 1 << width:
            return _NAN
        if not self.unsigned_zero and exponent == (1 << self.exponent) - 1:
            if not self.finite:
                return _NAN if fraction else sign * _INFINITY
            if fraction == (1 << self.mantissa) - 1:
                return _NAN
        if exponent == 0:
            return sign * fraction * 2.0 ** (1 - self.bias - self.mantissa)
        return sign * (1 + fraction / (1 << self.mantissa)) * 2.0 ** (exponent - self.bias)


_FLOAT8 = {
    "float8e4m3fn": _Format(4, 3, 7, finite=True, unsigned_zero=False),
    "float8e4m3fnuz": _Format(4, 3, 8, finite=True, unsigned_zero=True),
    "float8e5m2": _Format(5, 2, 15, finite=False, unsigned_zero=False),
    "float8e5m2fnuz": _Format(5, 2, 16, finite=True, unsigned_zero=True),
}


def encode(dtype: DType, values: Sequence[Any], where: str) -> Buffer:
    """Values of the right Python kind as the type's buffer; InvalidInput points at one out of range."""
    if dtype.name == "bool":
        return bytes(values)
    if dtype.family == "int":
        return _packed(dtype, values, where)
    if dtype.name == "float16":
        return _halves(values, where)
    if dtype.name == "bfloat16":
        return _brains(values, where)
    return _eighths(dtype.name, values, where)


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
    table = [_FLOAT8[dtype.name].value(pattern) for pattern in range(256)]
    return [table[pattern] for pattern in data]


def _halves(values: Sequence[Any], where: str) -> bytes:
    try:
        return struct.pack(f"<{len(values)}e", *values)
    except (OverflowError, struct.error):
        index = next(i for i, value in enumerate(values) if abs(value) != _INFINITY and abs(value) >= 65520)
        raise InvalidInput(
            "too large for float16, whose largest is 65504", where=f"{where}[{index}]"
        ) from None


def _brains(values: Sequence[Any], where: str) -> Buffer:
    """bfloat16 is the upper half of a float32, rounded."""
    try:
        patterns = memoryview(array("f", values)).cast("B").cast("I")
    except OverflowError:
        raise InvalidInput("a number is too large for bfloat16", where=where) from None
    found = array("H")
    for index, (value, pattern) in enumerate(zip(values, patterns, strict=True)):
        if isnan(value):
            found.append(0x7FC0)
            continue
        rounded = (pattern + 0x7FFF + ((pattern >> 16) & 1)) >> 16
        if rounded & 0x7FFF == 0x7F80 and abs(value) != _INFINITY:
            raise InvalidInput("too large for bfloat16, whose largest is 3.39e38", where=f"{where}[{index}]")
        found.append(rounded)
    return found


def _eighths(name: str, values: Sequence[Any], where: str) -> bytes:
    """float8 by its table: the nearest of at most 256 numbers, the even pattern between two."""
    numbers = _FLOAT8[name]
    table = sorted((numbers.value(p), p) for p in range(128) if numbers.value(p) < _INFINITY)
    largest = table[-1][0]
    nan = 0x80 if numbers.unsigned_zero else 0x7F
    found = bytearray()
    for index, value in enumerate(values):
        if isnan(value):
            found.append(nan)
            continue
        magnitude = abs(value)
        sign = 0x80 if struct.pack("d", value)[-1] & 0x80 else 0
        if magnitude == _INFINITY and not numbers.finite:
            found.append(sign | 0x7C)
            continue
        near = min(table, key=lambda entry: (abs(entry[0] - magnitude), entry[1] & 1))
        if magnitude > largest and magnitude - largest >= (largest - table[-2][0]) / 2:
            raise InvalidInput(
                f"too large for {name}, whose largest is {largest:g}", where=f"{where}[{index}]"
            )
        found.append(0 if numbers.unsigned_zero and near[1] == 0 else sign | near[1])
    return bytes(found)


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
