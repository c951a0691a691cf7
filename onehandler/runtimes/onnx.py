"""ONNX models on ONNX Runtime's C API: no numpy, inputs used in place, outputs copied once."""

from __future__ import annotations

from array import array
from ctypes import byref, c_char, c_char_p, c_int64, c_size_t, c_void_p, cast, create_string_buffer, string_at
from math import prod
from weakref import finalize

from onehandler.dtypes import dtype_coded
from onehandler.errors import BundleError, InvalidInput, ModelError
from onehandler.runtimes.onnx_library import begin_loading, environment
from onehandler.signature import Signature, TensorSpec
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

    from onehandler.runtimes.onnx_library import Environment
    from onehandler.tensor import Tensors

__all__ = ["OnnxModel", "begin_loading", "open_model"]

_TENSOR = 1  # ONNXType
_KINDS = {2: "a sequence", 3: "a map", 4: "an opaque value", 5: "a sparse tensor", 6: "an optional"}
_STRING = 8
_ERRORS_ONLY = 3


def open_model(path: str, threads: int) -> OnnxModel:
    """Open a model file; BundleError with ONNX Runtime's reason when it cannot be served."""
    return OnnxModel(environment(), path, threads)


class OnnxModel:
    """An open ONNX model. Implements onehandler.runtimes.Runtime; runs may overlap on many threads."""

    def __init__(self, loaded: Environment, path: str, threads: int) -> None:
        self._api: Final = loaded.api
        self._loaded: Final = loaded
        self._session: Final = _session(loaded, path, threads)
        # Frees the session once: at close, when collected, or at interpreter exit.
        self.close: Final = finalize(self, self._api.ReleaseSession, self._session)
        self.signature: Final = Signature(self._specs("Input"), self._specs("Output"))
        self._in_names: Final = _names(self.signature.inputs)
        self._out_names: Final = _names(self.signature.outputs)
        self._no_outputs: Final = c_void_p * len(self.signature.outputs)

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute once; see Runtime.run."""
        if not self.close.alive:
            raise ModelError("the model has been closed")
        api, specs = self._api, self.signature.inputs
        outputs = self._no_outputs()
        values: list[Any] = []
        kept: list[Any] = []
        try:
            for spec in specs:
                values.append(self._value(inputs[spec.name], kept))  # noqa: PERF401 - freed below if one fails
            given = (c_void_p * len(values))(*values)
            status = api.Run(
                self._session,
                None,
                self._in_names,
                given,
                len(values),
                self._out_names,
                len(outputs),
                outputs,
            )
            api.check(status, ModelError)
            return {
                spec.name: self._tensor(value)
                for spec, value in zip(self.signature.outputs, outputs, strict=True)
            }
        finally:
            for value in (*values, *outputs):
                api.ReleaseValue(value)

    def _value(self, tensor: Tensor, kept: list[Any]) -> c_void_p:
        """An OrtValue over the tensor's own buffer (strings are copied); the caller releases it.

        Whatever must outlive the run is added to `kept`.
        """
        rank = len(tensor.shape)
        shape = (c_int64 * rank)(*tensor.shape)
        value = c_void_p()
        if isinstance(tensor.data, list):
            return self._string_value(tensor.data, shape, rank)
        status = self._api.CreateTensorWithDataAsOrtValue(
            self._loaded.memory,
            _address(tensor.data, kept),
            tensor.nbytes,
            shape,
            rank,
            tensor.dtype.code,
            byref(value),
        )
        self._api.check(status, ModelError)
        return value

    def _string_value(self, texts: list[str], shape: Any, rank: int) -> c_void_p:
        if any("\0" in text for text in texts):
            raise InvalidInput("a string holds a NUL character, which ONNX Runtime's C API cannot take")
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError:
            raise InvalidInput("a string holds an unpaired surrogate, which UTF-8 cannot say") from None
        api = self._api
        value: c_void_p = api.made(
            api.CreateTensorAsOrtValue, self._loaded.allocator, shape, rank, _STRING, error=ModelError
        )
        status = api.FillStringTensor(value, (c_char_p * len(encoded))(*encoded), len(encoded))
        if status:
            api.ReleaseValue(value)
        api.check(status, ModelError)
        return value

    def _tensor(self, value: int) -> Tensor:
        """Copy an output out of ONNX Runtime's memory."""
        api = self._api
        info = api.made(api.GetTensorTypeAndShape, value, error=ModelError)
        try:
            dtype, shape = self._type_and_shape(info)
        finally:
            api.ReleaseTensorTypeAndShapeInfo(info)
        if dtype.code == _STRING:
            return Tensor(dtype, shape, self._strings(value, prod(shape)))
        data = api.made(api.GetTensorMutableData, value, error=ModelError)
        size = dtype.nbytes(prod(shape))
        return Tensor(dtype, shape, string_at(data, size) if size else b"")

    def _strings(self, value: int, count: int) -> list[str]:
        api = self._api
        length = api.counted(api.GetStringTensorDataLength, value, error=ModelError)
        content = create_string_buffer(max(length, 1))
        offsets = (c_size_t * (count + 1))()
        api.check(api.GetStringTensorContent(value, content, length, offsets, count), ModelError)
        offsets[count] = length
        raw = content.raw
        return [raw[offsets[i] : offsets[i + 1]].decode(errors="replace") for i in range(count)]

    def _type_and_shape(self, info: Any) -> tuple[Any, tuple[int, ...]]:
        api = self._api
        code = api.counted(api.GetTensorElementType, info, error=ModelError)
        rank = api.counted(api.GetDimensionsCount, info, error=ModelError)
        dimensions = (c_int64 * rank)()
        api.check(api.GetDimensions(info, dimensions, rank), ModelError)
        return dtype_coded(code), tuple(dimensions)

    def _specs(self, side: str) -> list[TensorSpec]:
        """The model's inputs or outputs, with -1 for every dimension that isn't fixed."""
        api = self._api
        count = api.counted(getattr(api, f"SessionGet{side}Count"), self._session, error=BundleError)
        return [self._spec(side, index) for index in range(count)]

    def _spec(self, side: str, index: int) -> TensorSpec:
        api = self._api
        get_name, get_type = getattr(api, f"SessionGet{side}Name"), getattr(api, f"SessionGet{side}TypeInfo")
        text = api.made(get_name, self._session, index, self._loaded.allocator, error=BundleError)
        name = string_at(text.value).decode(errors="replace")
        api.check(api.AllocatorFree(self._loaded.allocator, text), BundleError)
        info = api.made(get_type, self._session, index, error=BundleError)
        try:
            kind = api.counted(api.GetOnnxTypeFromTypeInfo, info, error=BundleError)
            if kind != _TENSOR:
                raise BundleError(
                    f"is {_KINDS.get(kind, 'no tensor')}; only tensors can be served: convert with ZipMap off",
                    where=f"{side.lower()} '{name}'",
                )
            tensor_info = api.made(api.CastTypeInfoToTensorInfo, info, error=BundleError)
            dtype, shape = self._type_and_shape(tensor_info)
        except InvalidInput as error:
            raise BundleError(error.message, where=f"{side.lower()} '{name}'") from None
        finally:
            api.ReleaseTypeInfo(info)
        return TensorSpec(name, dtype, shape)


def _session(loaded: Environment, path: str, threads: int) -> Any:
    api = loaded.api
    options = api.made(api.CreateSessionOptions, error=BundleError)
    try:
        for status in (
            api.SetSessionLogSeverityLevel(options, _ERRORS_ONLY),
            api.SetIntraOpNumThreads(options, threads),
            api.SetInterOpNumThreads(options, 1),
            # Idle threads must not spin: Lambda bills the time, and a frozen sandbox gains nothing from it.
            api.AddSessionConfigEntry(options, b"session.intra_op.allow_spinning", b"0"),
        ):
            api.check(status, BundleError)
        session = c_void_p()
        status = api.CreateSession(loaded.env, path.encode(), options, byref(session))
        api.check(status, BundleError, where=path)
        return session
    finally:
        api.ReleaseSessionOptions(options)


def _names(specs: tuple[TensorSpec, ...]) -> Any:
    return (c_char_p * len(specs))(*(spec.name.encode() for spec in specs))


def _address(data: Any, kept: list[Any]) -> Any:
    """Where a buffer begins. A read-only view has no address in Python, so it alone is copied."""
    if type(data) is array:
        return data.buffer_info()[0]
    view = memoryview(data)
    if view.readonly:
        kept.append(c_char_p(data if type(data) is bytes else view.tobytes()))
        return cast(kept[-1], c_void_p)
    kept.append(c_char.from_buffer(view) if view.nbytes else c_char(0))
    return byref(kept[-1])
