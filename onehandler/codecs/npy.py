"""NumPy's .npy files, read and written without numpy: one array, little-endian, in C order, of a plain number type.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Object arrays hold pickles,
which are programs; they are refused like everything else that isn't a plain number.
"""

from __future__ import annotations

import re
from math import prod

from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput, MalformedBody
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.dtypes import DType

CONTENT_TYPE = "application/x-npy"
_MAGIC = b"\x93NUMPY"
_VERSIONS = (b"\1\0", b"\2\0", b"\3\0")
_LONGEST_HEADER = 64 * 1024
_ALIGNED = 64  # bytes: where the values begin, so that a file can be mapped
_SIZE = r"(?:0|[1-9]\d{0,17})"  # as Python writes it
_HEADER = re.compile(
    r"\{'descr': '([^']{1,20})', 'fortran_order': (True|False), "
    rf"'shape': \((|{_SIZE},|{_SIZE}(?:, ?{_SIZE})+)\), ?\}} *\n?"
)
_NAMES = {
    "b1": "bool", "i1": "int8", "u1": "uint8", "i2": "int16", "u2": "uint16", "i4": "int32", "u4": "uint32",
    "i8": "int64", "u8": "uint64", "f2": "float16", "f4": "float32", "f8": "float64",
}  # fmt: skip


class Described:
    """What a file's header says: element type, shape, and where the values begin."""

    __slots__ = ("dtype", "shape", "start")

    def __init__(self, dtype: DType, shape: tuple[int, ...], start: int) -> None:
        self.dtype = dtype
        self.shape = shape
        self.start = start


def loads(body: bytes, where: str = "body") -> Tensor:
    """The array, its buffer a view of the body; MalformedBody or InvalidInput says what is wrong with it."""
    found = described(body, where)
    data = memoryview(body)[found.start :]
    promised = found.dtype.nbytes(prod(found.shape))
    if len(data) != promised:
        raise MalformedBody(
            f"its header promises {promised:,} bytes of values, {len(data):,} came", where=where
        )
    if found.dtype.name == "bool" and max(data, default=0) > 1:
        raise MalformedBody("holds a bool that is neither 0 nor 1", where=where)
    return Tensor(found.dtype, found.shape, data)


def dumps(tensor: Tensor) -> bytes:
    """A file of version 1.0; InvalidInput names a type that numpy has not."""
    descr = next((descr for descr, name in _NAMES.items() if name == tensor.dtype.name), "")
    if not descr or isinstance(tensor.data, list):
        raise InvalidInput(f"a .npy file cannot hold {tensor.dtype.name}; ask for JSON or CSV")
    order = "|" if tensor.dtype.bits == 8 else "<"
    header = f"{{'descr': '{order}{descr}', 'fortran_order': False, 'shape': {tensor.shape}, }}"
    padding = -(len(_MAGIC) + 4 + len(header) + 1) % _ALIGNED
    text = header.encode() + b" " * padding + b"\n"
    return b"".join((_MAGIC, b"\x01\x00", len(text).to_bytes(2, "little"), text, tensor.data))


def described(beginning: bytes, where: str) -> Described:
    """The header, from the file's first bytes; MalformedBody or InvalidInput."""
    start, header = _header(beginning, where)
    matched = _HEADER.fullmatch(header)
    if matched is None:
        raise MalformedBody("its header isn't one that numpy.save writes", where=where)
    dtype = _dtype(matched[1], where)
    if matched[2] == "True":
        raise InvalidInput("is in Fortran order; save numpy.ascontiguousarray(it)", where=where)
    shape = tuple(int(size) for size in matched[3].split(",") if size.strip())
    return Described(dtype, shape, start)


def _header(body: bytes, where: str) -> tuple[int, str]:
    """Where the values start, and the header's text."""
    if not body.startswith(_MAGIC) or len(body) < 12:
        raise MalformedBody("is no .npy file; send what numpy.save writes", where=where)
    if body[6:8] not in _VERSIONS:
        raise MalformedBody("is of a .npy version other than 1.0, 2.0 and 3.0", where=where)
    width = 2 if body[6] == 1 else 4
    length = int.from_bytes(body[8 : 8 + width], "little")
    start = 8 + width + length
    if length > _LONGEST_HEADER or start > len(body):
        raise MalformedBody("its header is cut off", where=where)
    return start, body[8 + width : start].decode("latin-1")


def _dtype(descr: str, where: str) -> DType:
    order, name = descr[:1], _NAMES.get(descr[1:])
    if name is None or order not in "<|=":
        known = ", ".join(f"<{each}" for each in _NAMES)
        raise InvalidInput(f"is an array of another type than {known}", where=where)
    return dtype_named(name)
