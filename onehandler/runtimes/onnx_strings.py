"""A model's string inputs and outputs; imported by models that have one."""

from __future__ import annotations

from ctypes import addressof, c_char_p, c_int64, c_size_t, create_string_buffer, memmove, string_at
from math import prod

from onehandler.errors import InvalidInput, ModelError
from onehandler.runtimes.onnx_tensors import shape_of
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from onehandler.runtimes.onnx_library import Environment
    from onehandler.signature import TensorSpec


class StringInput:
    """Copies strings into ONNX Runtime values for one input of the model."""

    __slots__ = ("_loaded", "spec")

    def __init__(self, loaded: Environment, spec: TensorSpec) -> None:
        self.spec: Final = spec
        self._loaded: Final = loaded

    def put(self, tensor: Tensor, place: int) -> tuple[int | None, None]:
        """Make a value of the tensor's strings; see Input.put."""
        if not isinstance(tensor.data, list):
            raise InvalidInput(f"takes string, {tensor.dtype.name} came", where=self.spec.where)
        encoded = self._encoded(tensor.data)
        shape = tensor.shape
        status = self._loaded.api.CreateTensorAsOrtValue(
            self._loaded.allocator,
            (c_int64 * len(shape))(*shape),
            len(shape),
            self.spec.dtype.code,
            place,
        )
        if not status and encoded:
            status = self._fill(c_size_t.from_address(place).value, encoded)
        return status, None

    def _encoded(self, texts: list[str]) -> list[bytes]:
        try:
            return [text.encode() for text in texts]
        except UnicodeEncodeError:
            raise InvalidInput(
                "a string holds an unpaired surrogate, which UTF-8 cannot say", where=self.spec.where
            ) from None

    def _fill(self, value: int, encoded: list[bytes]) -> int | None:
        api = self._loaded.api
        if b"\0" not in b"".join(encoded):
            starts = (c_char_p * len(encoded))(*encoded)
            status: int | None = api.FillStringTensor(value, starts, len(encoded))
            return status
        # FillStringTensor takes C strings, which end at the first NUL: copy each by its length.
        start = c_size_t()
        for index, text in enumerate(encoded):
            status = api.GetResizedStringTensorElementBuffer(value, index, len(text), addressof(start))
            if status:
                return status
            memmove(start.value, text, len(text))
        return None


class StringOutput:
    """Reads one string output of the model."""

    __slots__ = ("_api", "_dtype", "name")

    def __init__(self, loaded: Environment, spec: TensorSpec) -> None:
        self.name: Final = spec.name
        self._dtype: Final = spec.dtype
        self._api: Final = loaded.api

    def take(self, value: int) -> Tensor:
        """The tensor that a value holds. Bytes that are no UTF-8 become U+FFFD."""
        api = self._api
        found = (c_int64 * 3)()
        at = addressof(found)
        api.check(api.GetTensorElementTypeAndShapeDataReference(value, at, at + 8, at + 16), ModelError)
        _, sizes, rank = found
        shape = shape_of(string_at(sizes, 8 * rank) if rank else b"")
        return Tensor(self._dtype, shape, self._texts(value, prod(shape)))

    def _texts(self, value: int, count: int) -> list[str]:
        if not count:
            return []
        api = self._api
        length = api.got(api.GetStringTensorDataLength, value, error=ModelError)
        content = create_string_buffer(max(length, 1))
        offsets = (c_size_t * count)()
        api.check(api.GetStringTensorContent(value, content, length, offsets, count), ModelError)
        raw, ends = content.raw, [*offsets[1:], length]
        return [raw[start:end].decode(errors="replace") for start, end in zip(offsets, ends, strict=True)]
