"""A model's string inputs and outputs; imported by models that have one."""

from __future__ import annotations

import re
from ctypes import (
    addressof,
    byref,
    c_char_p,
    c_int64,
    c_size_t,
    c_void_p,
    cast,
    create_string_buffer,
    memmove,
)
from itertools import islice
from math import prod
from struct import pack

from onehandler.errors import InvalidInput, ModelError
from onehandler.runtimes.onnx_api import word
from onehandler.runtimes.onnx_tensors import POINTER, bytes_at, misfit, shape_of
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from onehandler.runtimes.onnx_library import Environment
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Tensors

_AT_ONCE = 1024  # texts


class StringInput:
    """Copies strings into ONNX Runtime values for one input of the model."""

    __slots__ = ("_index", "_loaded", "spec")

    def __init__(self, loaded: Environment, spec: TensorSpec, index: int) -> None:
        self._index: Final = index
        self.spec: Final = spec
        self._loaded: Final = loaded

    def put(self, inputs: Tensors, given: Any) -> tuple[int | None, None]:
        """Make a value of this input's strings; see Input.put."""
        tensor = inputs.get(self.spec.name)
        if tensor is None or not isinstance(tensor.data, list):
            raise misfit(self.spec, tensor)
        content = self._joined(tensor.data)
        shape = tensor.shape
        sizes = (c_int64 * len(shape))(*shape)
        status = self._loaded.api.CreateTensorAsOrtValue(
            self._loaded.allocator,
            sizes,
            len(shape),
            self.spec.dtype.code,
            byref(given, POINTER * self._index),
        )
        if not status and tensor.data:
            status = self._fill(given[self._index], tensor.data, content)
        return status, None

    def _joined(self, texts: list[str]) -> bytes:
        """All texts as C strings, one after another."""
        try:
            return "\0".join(texts).encode()
        except UnicodeEncodeError:
            raise InvalidInput(
                "a string holds an unpaired surrogate, which UTF-8 cannot say", where=self.spec.where
            ) from None

    def _fill(self, value: int, texts: list[str], content: bytes) -> int | None:
        api = self._loaded.api
        if content.count(b"\0") == len(texts) - 1:
            first = cast(c_char_p(content), c_void_p).value or 0
            starts = _starts(content, first)
            status: int | None = api.FillStringTensor(value, starts, len(texts))
            return status
        # FillStringTensor takes C strings, which end at the first NUL: copy each by its length.
        start = c_size_t()
        for index, text in enumerate(texts):
            encoded = text.encode()
            status = api.GetResizedStringTensorElementBuffer(value, index, len(encoded), addressof(start))
            if status:
                return status
            memmove(start.value, encoded, len(encoded))
        return None


def _starts(content: bytes, first: int) -> bytes:
    """The address of each C string in content that begins at `first`, as a C array."""
    found = bytearray(pack("<Q", first))
    ends = re.finditer(b"\0", content)
    while some := [first + match.end() for match in islice(ends, _AT_ONCE)]:
        found += pack(f"<{len(some)}Q", *some)
    return bytes(found)


class StringOutput:
    """Reads one string output of the model."""

    __slots__ = ("_api", "_dtype", "name")

    def __init__(self, loaded: Environment, spec: TensorSpec) -> None:
        self.name: Final = spec.name
        self._dtype: Final = spec.dtype
        self._api: Final = loaded.api

    def take(self, value: Any) -> Tensor:
        """The tensor that a value holds. Bytes that are no UTF-8 become U+FFFD."""
        api = self._api
        found = (c_int64 * 3)()
        api.check(
            api.GetTensorElementTypeAndShapeDataReference(
                value, byref(found), byref(found, 8), byref(found, 16)
            ),
            ModelError,
        )
        _, sizes, rank = found[:]
        shape = shape_of(bytes_at(word(sizes), word(8 * rank)))
        return Tensor(self._dtype, shape, self._texts(value, prod(shape)))

    def _texts(self, value: Any, count: int) -> list[str]:
        if not count:
            return []
        api = self._api
        length = api.got(api.GetStringTensorDataLength, value, error=ModelError)
        content = create_string_buffer(max(length, 1))
        offsets = (c_size_t * count)()
        api.check(api.GetStringTensorContent(value, content, length, offsets, count), ModelError)
        raw, ends = content.raw, [*offsets[1:], length]
        return [raw[start:end].decode(errors="replace") for start, end in zip(offsets, ends, strict=True)]
