"""ONNX models on ONNX Runtime's C API: no numpy, inputs used in place, outputs copied once."""

from __future__ import annotations

import os
from ctypes import byref, c_char_p, c_int64, c_void_p, string_at

from onehandler.dtypes import dtype_coded
from onehandler.errors import BundleError, InvalidInput, ModelError
from onehandler.runtimes.onnx_api import word
from onehandler.runtimes.onnx_library import environment
from onehandler.runtimes.onnx_tensors import Input, Output
from onehandler.signature import Signature, TensorSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final

    from onehandler.runtimes.onnx_api import Api
    from onehandler.runtimes.onnx_bound import BoundRuns
    from onehandler.runtimes.onnx_library import Environment
    from onehandler.runtimes.onnx_strings import StringInput, StringOutput
    from onehandler.tensor import Tensor, Tensors

_TENSOR = 1  # ONNXType
_KINDS = {2: "a sequence", 3: "a map", 4: "an opaque value", 5: "a sparse tensor", 6: "an optional"}
_ERRORS_ONLY = 3


def open_model(path: str, threads: int) -> OnnxModel:
    """Open a model file; BundleError with ONNX Runtime's reason when it cannot be served."""
    loaded = environment()
    return OnnxModel(loaded, _Session(loaded, path, threads))


class OnnxModel:
    """An open ONNX model. Implements onehandler.runtimes.Runtime; runs may overlap on many threads."""

    def __init__(self, loaded: Environment, session: _Session) -> None:
        program = Program(loaded, session)
        self.signature: Final = program.signature
        self._program: Program | None = program
        self._bound: BoundRuns | None = None
        self._plain = 0  # runs until bound ones are worth their import; below 0: never

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute once; see Runtime.run."""
        program = self._program  # held: a close meanwhile cannot free it under us
        if program is None:
            raise ModelError("the model has been closed")
        bound = self._bound
        if bound is None:
            if self._plain >= 0:
                self._count(program)
            return program.run(inputs)
        slot = bound.take(inputs)
        if slot is None:
            return program.run(inputs)
        found = slot.run(inputs)
        bound.give(slot)
        if found is None:
            found = program.run(inputs)  # raises where the inputs are at fault
            self._bound = None  # where they aren't, memory of ours doesn't suit this model
        return found

    def close(self) -> None:
        """Free the model, once runs under way have ended; running it afterwards is a ModelError."""
        self._program = self._bound = None
        self._plain = -1

    def _count(self, program: Program) -> None:
        """Begin to bind with the second run: the first is a cold start's, which waits for no import."""
        self._plain += 1
        if self._plain == 1:
            return
        from onehandler.runtimes.onnx_bound import BoundRuns

        self._plain = -1
        if BoundRuns.suit(self.signature.inputs):
            self._bound = BoundRuns(program)


class Program:
    """A session with everything that a run passes to it, made once."""

    __slots__ = (
        "_in_count",
        "_in_names",
        "_out_count",
        "_out_names",
        "_puts",
        "_session",
        "api",
        "memory",
        "outputs",
        "signature",
    )

    def __init__(self, loaded: Environment, session: _Session) -> None:
        self.api: Final = loaded.api
        self.memory: Final = word(loaded.memory)
        self.signature: Final = session.signature()
        self.outputs: Final = [_output(loaded, spec) for spec in self.signature.outputs]
        self._puts: Final = [_input(loaded, spec, i) for i, spec in enumerate(self.signature.inputs)]
        self._session: Final = session
        self._in_names: Final = byref(_names(self.signature.inputs))
        self._out_names: Final = byref(_names(self.signature.outputs))
        self._in_count: Final = word(len(self._puts))
        self._out_count: Final = word(len(self.outputs))

    def arguments(self, given: Any, made: Any) -> tuple[Any, ...]:
        """What the API's `Run` takes, for these two arrays of values."""
        return (
            self._session.handle,
            None,
            self._in_names,
            byref(given),
            self._in_count,
            self._out_names,
            self._out_count,
            byref(made),
        )

    def run(self, inputs: Tensors) -> dict[str, Tensor]:
        """Execute once, on values made for this run alone."""
        api = self.api
        given, made = (c_void_p * len(self._puts))(), (c_void_p * len(self.outputs))()
        kept = []
        try:
            for each in self._puts:
                status, keep = each.put(inputs, given)
                if status:
                    api.check(status, ModelError, each.spec.where)
                kept.append(keep)
            status = api.Run(*self.arguments(given, made))
            if status:
                api.check(status, ModelError)
            return {
                each.name: each.take(word(value)) for each, value in zip(self.outputs, made[:], strict=True)
            }
        finally:
            release = api.ReleaseValue
            for value in given[:] + made[:]:
                release(word(value))


class _Session:
    """An `OrtSession`, freed once: when the last to refer to it, the model or a run, lets go."""

    __slots__ = ("_loaded", "handle", "path", "pointer")

    def __init__(self, loaded: Environment, path: str, threads: int) -> None:
        api = loaded.api
        self.pointer = 0
        self.path: Final = path
        self._loaded: Final = loaded
        options = api.got(api.CreateSessionOptions, error=BundleError)
        try:
            _configure(api, options, threads)
            if os.path.exists(f"{path}.data"):
                from onehandler.runtimes.onnx_large import leave_in_place

                leave_in_place(api, options)
            self.pointer = api.got(
                api.CreateSession, loaded.env, os.fsencode(path), options, error=BundleError, where=path
            )
        finally:
            api.ReleaseSessionOptions(options)
        self.handle: Final = word(self.pointer)

    def __del__(self) -> None:
        if self.pointer:
            self._loaded.api.ReleaseSession(self.pointer)

    def signature(self) -> Signature:
        """What the model file declares; BundleError names an input or output that is no tensor."""
        return Signature(self._specs("Input"), self._specs("Output"))

    def _specs(self, side: str) -> list[TensorSpec]:
        api = self._loaded.api
        count = api.got(getattr(api, f"SessionGet{side}Count"), self.pointer, error=BundleError)
        return [self._spec(side, index) for index in range(count)]

    def _spec(self, side: str, index: int) -> TensorSpec:
        api, name = self._loaded.api, self._name(side, index)
        get_type = getattr(api, f"SessionGet{side}TypeInfo")
        info = api.got(get_type, self.pointer, index, error=BundleError)
        try:
            dtype, shape = _declared(api, info)
        except (BundleError, InvalidInput) as error:
            raise BundleError(error.message, where=f"{self.path}: {side.lower()} '{name}'") from None
        finally:
            api.ReleaseTypeInfo(info)
        return TensorSpec(name, dtype, shape)

    def _name(self, side: str, index: int) -> str:
        api, allocator = self._loaded.api, self._loaded.allocator
        get_name = getattr(api, f"SessionGet{side}Name")
        text = api.got(get_name, self.pointer, index, allocator, error=BundleError)
        try:
            return string_at(text).decode(errors="surrogateescape")
        finally:
            api.AllocatorFree(allocator, text)


def _configure(api: Api, options: int, threads: int) -> None:
    for status in (
        api.SetSessionLogSeverityLevel(options, _ERRORS_ONLY),
        api.SetIntraOpNumThreads(options, threads),
        api.SetInterOpNumThreads(options, 1),
        # Idle threads must not spin: Lambda bills the time, and a frozen sandbox gains nothing from it.
        api.AddSessionConfigEntry(options, b"session.intra_op.allow_spinning", b"0"),
    ):
        api.check(status, BundleError)


def _declared(api: Api, info: int) -> tuple[Any, tuple[int, ...]]:
    """Type and shape of an `OrtTypeInfo`, with -1 for every dimension that isn't fixed."""
    kind = api.got(api.GetOnnxTypeFromTypeInfo, info, error=BundleError)
    if kind != _TENSOR:
        raise BundleError(
            f"is {_KINDS.get(kind, 'no tensor')}; only tensors can be served: convert with ZipMap off"
        )
    tensor = api.got(api.CastTypeInfoToTensorInfo, info, error=BundleError)  # belongs to `info`
    code = api.got(api.GetTensorElementType, tensor, error=BundleError)
    rank = api.got(api.GetDimensionsCount, tensor, error=BundleError)
    sizes = (c_int64 * rank)()
    api.check(api.GetDimensions(tensor, sizes, rank), BundleError)
    return dtype_coded(code), tuple(sizes)


def _input(loaded: Environment, spec: TensorSpec, index: int) -> Input | StringInput:
    if spec.dtype.family != "string":
        return Input(loaded, spec, index)
    from onehandler.runtimes.onnx_strings import StringInput  # most models take and give numbers only

    return StringInput(loaded, spec, index)


def _output(loaded: Environment, spec: TensorSpec) -> Output | StringOutput:
    if spec.dtype.family != "string":
        return Output(loaded, spec)
    from onehandler.runtimes.onnx_strings import StringOutput  # see _input

    return StringOutput(loaded, spec)


def _names(specs: Sequence[TensorSpec]) -> Any:
    return (c_char_p * len(specs))(*(spec.name.encode(errors="surrogateescape") for spec in specs))
