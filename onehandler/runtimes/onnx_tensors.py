"""A model's numeric inputs and outputs: our tensors to ONNX Runtime's values and back.

Inputs are used in place for the length of a run; outputs are copied once.
"""

from __future__ import annotations

from ctypes import byref, c_int64, c_void_p, py_object, pythonapi
from math import prod

from onehandler.errors import InvalidInput, ModelError
from onehandler.runtimes.onnx_api import word
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from onehandler.dtypes import DType
    from onehandler.runtimes.onnx_library import Environment
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Buffer, Tensors

_SIMPLE = 0  # PyBUF_SIMPLE: the bytes of a contiguous buffer, read-only will do
POINTER = 8  # bytes
_Found = c_int64 * 4
# ctypes.string_at takes its size as a C int, and time. pythonapi["name"] is a function object of our own: the
# types of the attribute pythonapi.name are everybody's. Takes words, as the API's functions do.
bytes_at = pythonapi["PyBytes_FromStringAndSize"]
bytes_at.restype = py_object


class Input:
    """Puts tensors into ONNX Runtime values for one input of the model."""

    __slots__ = ("_code", "_create", "_dtype", "_memory", "_name", "_offset", "_seen", "spec")

    def __init__(self, loaded: Environment, spec: TensorSpec, index: int) -> None:
        self.spec: Final = spec
        self._name: Final = spec.name
        self._dtype: Final = spec.dtype
        self._code: Final = word(spec.dtype.code)
        self._offset: Final = POINTER * index
        self._create: Final = loaded.api.CreateTensorWithDataAsOrtValue
        self._memory: Final = word(loaded.memory)
        # The last shape with its C form: it rarely changes. One tuple, so that threads see all or nothing.
        self._seen = _layout(self._dtype, ())

    def put(self, inputs: Tensors, given: Any) -> tuple[int | None, Any]:
        """Make a value over this input's buffer and put its pointer into the array `given`.

        Gives the status, and an object that must live until the run has ended.
        """
        tensor = inputs.get(self._name)
        if tensor is None or tensor.dtype is not self._dtype:
            raise misfit(self.spec, tensor)
        seen = self._seen
        if seen[0] != tensor.shape:
            seen = self._seen = _layout(self._dtype, tensor.shape)
        _, sizes, rank, nbytes = seen
        data: Any = tensor.data
        kept = data
        if type(data) is not bytes:
            data, kept = _pinned(data, self._dtype)
        place = byref(given, self._offset)
        return self._create(self._memory, data, nbytes, sizes, rank, self._code, place), kept


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

    def take(self, value: Any) -> Tensor:
        """The tensor that a value holds."""
        found = _Found()
        status = self._type_of(value, byref(found), byref(found, 8), byref(found, 16)) or self._data_of(
            value, byref(found, 24)
        )
        if status:
            self.check(status, ModelError)
        _, sizes, rank, data = found[:]
        raw = bytes_at(word(sizes), word(8 * rank))
        seen = self._seen
        if seen[0] != raw:
            seen = self._seen = _read_layout(self._dtype, raw)
        _, shape, nbytes = seen
        return Tensor(self._dtype, shape, bytes_at(word(data), nbytes))


def misfit(spec: TensorSpec, tensor: Tensor | None) -> InvalidInput:
    """The error for an input that is missing or of another type."""
    message = "is missing" if tensor is None else f"takes {spec.dtype.name}, {tensor.dtype.name} came"
    return InvalidInput(message, where=spec.where)


def shape_of(raw: bytes) -> tuple[int, ...]:
    """A C array of int64 as a shape."""
    return tuple(memoryview(raw).cast("q"))


def _layout(dtype: DType, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Any, Any, Any]:
    sizes = byref((c_int64 * len(shape))(*shape))  # holds on to the array
    return shape, sizes, word(len(shape)), word(dtype.nbytes(prod(shape)))


def _read_layout(dtype: DType, raw: bytes) -> tuple[bytes, tuple[int, ...], Any]:
    shape = shape_of(raw)
    return raw, shape, word(dtype.nbytes(prod(shape)))


def _pinned(data: Buffer, dtype: DType) -> tuple[Any, Any]:
    """Any other buffer's address, and what keeps it there."""
    view = memoryview(data)
    if not view.nbytes:
        return b"", None
    pin = _Pin(view)
    if pin.address % (dtype.bits // 8 or 1) == 0:
        return word(pin.address), pin
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
        get, self._release = pythonapi["PyObject_GetBuffer"], pythonapi["PyBuffer_Release"]
        get(py_object(data), self._buffer, _SIMPLE)
        self.address: int = self._buffer[0] or 0

    def __del__(self) -> None:
        if self._buffer[1]:
            self._release(self._buffer)
