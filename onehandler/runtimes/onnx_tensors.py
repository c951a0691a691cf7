"""A model's numeric inputs and outputs: our tensors to ONNX Runtime's values and back.

Inputs are used in place for the length of a run; outputs are copied once.
"""

from __future__ import annotations

from array import array
from ctypes import addressof, c_char, c_int64, c_void_p, py_object, pythonapi, string_at
from math import prod

from onehandler.errors import InvalidInput, ModelError
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from onehandler.dtypes import DType
    from onehandler.runtimes.onnx_library import Environment
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Buffer

_SIMPLE = 0  # PyBUF_SIMPLE: the bytes of a contiguous buffer, read-only will do
_FORMER_LIMIT = 2**31  # ctypes.string_at takes its size as a C int
_Found = c_int64 * 4


class Input:
    """Puts tensors into ONNX Runtime values for one input of the model."""

    __slots__ = ("_create", "_memory", "_seen", "code", "dtype", "spec")

    def __init__(self, loaded: Environment, spec: TensorSpec) -> None:
        self.spec: Final = spec
        self.dtype: Final = spec.dtype
        self.code: Final = spec.dtype.code
        self._create: Final = loaded.api.CreateTensorWithDataAsOrtValue
        self._memory: Final = loaded.memory
        # The last shape with its C form: it rarely changes. One tuple, so that threads see all or nothing.
        self._seen = _layout(self.dtype, ())

    def put(self, tensor: Tensor, place: int) -> tuple[int | None, Any]:
        """Make a value over the tensor's own buffer and write its pointer to the address `place`.

        Gives the status, and an object that must live until the run has ended.
        """
        if tensor.dtype is not self.dtype:
            raise InvalidInput(f"takes {self.dtype.name}, {tensor.dtype.name} came", where=self.spec.where)
        seen = self._seen
        if seen[0] != tensor.shape:
            seen = self._seen = _layout(self.dtype, tensor.shape)
        _, sizes, rank, nbytes = seen
        data: Any = tensor.data
        kept = data
        if type(data) is array and nbytes:
            data = data.buffer_info()[0]
        elif type(data) is not bytes:
            data, kept = _pinned(data, self.dtype)
        status = self._create(self._memory, data, nbytes, sizes, rank, self.code, place)
        return status, kept


class Output:
    """Copies one output of the model out of ONNX Runtime's memory."""

    __slots__ = ("_data_of", "_dtype", "_seen", "_type_of", "check", "name")

    def __init__(self, loaded: Environment, spec: TensorSpec) -> None:
        self.name: Final = spec.name
        self.check: Final = loaded.api.check
        self._dtype: Final = spec.dtype
        self._type_of: Final = loaded.api.GetTensorElementTypeAndShapeDataReference
        self._data_of: Final = loaded.api.GetTensorMutableData
        self._seen = _read_layout(self._dtype, b"")

    def take(self, value: int) -> Tensor:
        """The tensor that a value holds."""
        found = _Found()
        at = addressof(found)
        status = self._type_of(value, at, at + 8, at + 16) or self._data_of(value, at + 24)
        if status:
            self.check(status, ModelError)
        _, sizes, rank, data = found
        raw = string_at(sizes, 8 * rank) if rank else b""
        seen = self._seen
        if seen[0] != raw:
            seen = self._seen = _read_layout(self._dtype, raw)
        return Tensor(self._dtype, seen[1], _copied(data, seen[2]))


def shape_of(raw: bytes) -> tuple[int, ...]:
    """A C array of int64 as a shape."""
    return tuple(memoryview(raw).cast("q"))


def _layout(dtype: DType, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Any, int, int]:
    return shape, (c_int64 * len(shape))(*shape), len(shape), dtype.nbytes(prod(shape))


def _read_layout(dtype: DType, raw: bytes) -> tuple[bytes, tuple[int, ...], int]:
    shape = shape_of(raw)
    return raw, shape, dtype.nbytes(prod(shape))


def _copied(address: int, size: int) -> bytes:
    if size < _FORMER_LIMIT:
        return string_at(address, size) if size else b""
    return bytes((c_char * size).from_address(address))


def _pinned(data: Buffer, dtype: DType) -> tuple[Any, Any]:
    """Any other buffer's address, and what keeps it there."""
    view = memoryview(data)
    if not view.nbytes:
        return b"", None
    pin = _Pin(view)
    if pin.address % (dtype.bits // 8 or 1) == 0:
        return pin.address, pin
    # A slice of a request body may begin anywhere; the compiler's vector loops may count on whole elements.
    copy = view.tobytes()
    return copy, copy


class _Pin:
    """A buffer's address, also of a read-only one, for which ctypes itself has no call.

    Py_buffer is part of Python's stable ABI since 3.11: ten words, the first of them the address.
    """

    __slots__ = ("_buffer", "_release", "address")

    def __init__(self, data: memoryview) -> None:
        self._buffer = (c_void_p * 10)()
        # pythonapi["name"] is a function object of our own: the attribute's types are everybody's.
        get, self._release = pythonapi["PyObject_GetBuffer"], pythonapi["PyBuffer_Release"]
        get(py_object(data), self._buffer, _SIMPLE)
        self.address: int = self._buffer[0] or 0

    def __del__(self) -> None:
        if self._buffer[1]:
            self._release(self._buffer)
