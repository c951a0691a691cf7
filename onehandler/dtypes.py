"""The tensor element types ONNX Runtime has on CPU, each as one `DType`.

Codes are those of `ONNXTensorElementDataType` in ONNX Runtime's C API. Complex numbers and the smallest types
have codes too, but no CPU kernel takes them; they are refused by name.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class DType:
    """One element type.

    `code` is ONNX Runtime's number for it, `bits` the size of one element (0 for strings), `family` one of
    "float", "int", "bool", "string", and `typecode` the letter `array.array` stores it under: the element's
    own type where Python has one, else the unsigned integer of the same width (`bits` tell them apart).
    `low` and `high` bound integers (0 and 0 elsewhere).
    """

    __slots__ = ("bits", "code", "family", "high", "low", "name", "native", "typecode")

    def __init__(self, name: str, code: int, bits: int, family: str, typecode: str, native: bool) -> None:
        self.name: Final = name
        self.code: Final = code
        self.bits: Final = bits
        self.family: Final = family
        self.typecode: Final = typecode
        self.native: Final = native  # array.array's own conversion of Python numbers is the right one
        signed = not name.startswith("u")
        self.low: Final = (-(1 << (bits - 1)) if signed else 0) if family == "int" else 0
        self.high: Final = ((1 << (bits - signed)) - 1) if family == "int" else 0

    def __repr__(self) -> str:
        return f"DType({self.name})"

    def nbytes(self, count: int) -> int:
        """Bytes that `count` elements take, 4-bit types packed two to a byte."""
        return (count * self.bits + 7) // 8


_TABLE = (
    DType("float32", 1, 32, "float", "f", True),
    DType("uint8", 2, 8, "int", "B", True),
    DType("int8", 3, 8, "int", "b", True),
    DType("uint16", 4, 16, "int", "H", True),
    DType("int16", 5, 16, "int", "h", True),
    DType("int32", 6, 32, "int", "i", True),
    DType("int64", 7, 64, "int", "q", True),
    DType("string", 8, 0, "string", "", False),
    DType("bool", 9, 8, "bool", "B", False),
    DType("float16", 10, 16, "float", "H", False),
    DType("float64", 11, 64, "float", "d", True),
    DType("uint32", 12, 32, "int", "I", True),
    DType("uint64", 13, 64, "int", "Q", True),
    DType("bfloat16", 16, 16, "float", "H", False),
    DType("float8e4m3fn", 17, 8, "float", "B", False),
    DType("float8e4m3fnuz", 18, 8, "float", "B", False),
    DType("float8e5m2", 19, 8, "float", "B", False),
    DType("float8e5m2fnuz", 20, 8, "float", "B", False),
    DType("uint4", 21, 4, "int", "B", False),
    DType("int4", 22, 4, "int", "B", False),
)
# Those that no CPU kernel takes, for the message.
_REFUSED = {14: "complex64", 15: "complex128", 23: "float4e2m1", 24: "uint2", 25: "int2", 26: "float8e8m0"}
_BY_NAME = {dtype.name: dtype for dtype in _TABLE}
_BY_CODE = {dtype.code: dtype for dtype in _TABLE}


def dtype_named(name: str) -> DType:
    """Find a type by its name ("float32", "string", …); InvalidInput names those there are."""
    found = _BY_NAME.get(name)
    if found is None:
        raise InvalidInput(f"there is no element type {name!r:.40}; there are {', '.join(_BY_NAME)}")
    return found


def dtype_coded(code: int) -> DType:
    """Find a type by ONNX Runtime's code; InvalidInput when its CPU runtime has none such."""
    found = _BY_CODE.get(code)
    if found is None:
        name = _REFUSED.get(code, f"number {code}")
        raise InvalidInput(f"the element type {name} cannot be served; there are {', '.join(_BY_NAME)}")
    return found
