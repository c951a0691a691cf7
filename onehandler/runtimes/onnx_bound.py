"""Runs over memory that stays: what small requests of a shape that has come before go through.

Making and reading ONNX Runtime's values takes longer than many a model. Here they are made once for a shape,
over buffers of ours: a run copies in, calls `Run` and copies out. That halves the time of a run of one row.

ONNX Runtime checks the shape of memory that it is to write into, so an output that isn't shaped as the model
declares is an error, not damage. And a graph may hand through a value in place of writing one (an output that
is an input, a branch that returns an outer value): every output is filled with a pattern before the run, and
one that still holds it counts as not written. In both cases the caller runs again, without bound memory.
"""

from __future__ import annotations

from ctypes import byref, c_char, c_int64, c_void_p
from math import prod

from onehandler.errors import ModelError
from onehandler.runtimes.onnx_api import word
from onehandler.runtimes.onnx_tensors import POINTER
from onehandler.signature import ANY
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Final, TypeAlias

    from onehandler.runtimes.onnx import Program
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Tensors

    Shape: TypeAlias = tuple[int, ...]

LARGEST = 64 * 1024  # bytes of inputs and outputs: beyond, copying costs what binding saves
_SHAPES = 16  # as many are kept; clients that send ever new ones gain nothing
_UNWRITTEN = b"\xa5"


class BoundRuns:
    """The slots of one model, by the shapes of its inputs. Many threads may use it at once."""

    def __init__(self, program: Program) -> None:
        self._program: Final = program
        self._named: Final = [(spec.name, spec.dtype) for spec in program.signature.inputs]
        self._free: Final[dict[tuple[Shape, ...], list[Slot]]] = {}

    @staticmethod
    def suit(specs: Sequence[TensorSpec]) -> bool:
        """Tell whether a model with these inputs can be run so: strings have no memory of ours."""
        return all(spec.dtype.family != "string" for spec in specs)

    def take(self, inputs: Tensors) -> Slot | None:
        """A slot for inputs of these shapes, the caller's alone until `give`; None when there is none.

        A shape gets its first slot when it comes for the second time.
        """
        shapes = []
        for name, dtype in self._named:
            tensor = inputs.get(name)
            if tensor is None or tensor.dtype is not dtype:
                return None  # the plain way says what is wrong with it
            shapes.append(tensor.shape)
        key = tuple(shapes)
        free = self._free.get(key)
        if free is None:
            if len(self._free) < _SHAPES and self._small(inputs):
                self._free[key] = []
            return None
        try:
            return free.pop()
        except IndexError:
            return Slot(self._program, key)

    def give(self, slot: Slot) -> None:
        """Take back a slot whose run has ended."""
        self._free[slot.key].append(slot)

    def _small(self, inputs: Tensors) -> bool:
        key = tuple(inputs[name].shape for name, _ in self._named)
        signature = self._program.signature
        specs = (*signature.inputs, *signature.outputs)
        shapes = (*key, *(bound_shape(spec, key) for spec in signature.outputs))
        sizes = [
            spec.dtype.nbytes(prod(shape))
            for spec, shape in zip(specs, shapes, strict=True)
            if shape is not None
        ]
        return min(sizes) > 0 and sum(sizes) <= LARGEST


class Slot:
    """Buffers and values for inputs of certain shapes, freed with it. One run at a time."""

    __slots__ = (
        "_arguments",
        "_given",
        "_inputs",
        "_made",
        "_outputs",
        "_program",
        "_unbound",
        "_values",
        "key",
    )

    def __init__(self, program: Program, key: tuple[Shape, ...]) -> None:
        self.key: Final = key
        self._program: Final = program  # keeps the session open
        self._values: Final[list[int]] = []
        signature = program.signature
        self._inputs: Final = []
        self._given: Final = (c_void_p * len(signature.inputs))()
        for index, (spec, shape) in enumerate(zip(signature.inputs, key, strict=True)):
            self._inputs.append((spec.name, self._bound(spec, shape, self._given, index)))
        self._made: Final = (c_void_p * len(signature.outputs))()
        self._outputs: Final = []
        self._unbound: Final = []
        for index, spec in enumerate(signature.outputs):
            known = bound_shape(spec, key)
            if known is not None:
                buffer = self._bound(spec, known, self._made, index)
                self._outputs.append((spec.name, spec.dtype, known, buffer, _UNWRITTEN * len(buffer)))
            else:
                self._unbound.append(index)
        self._arguments: Final = program.arguments(self._given, self._made)

    def run(self, inputs: Tensors) -> dict[str, Tensor] | None:
        """Execute once; None when nothing is said: the inputs may be at fault, or the memory doesn't suit."""
        for name, buffer in self._inputs:
            buffer.raw = inputs[name].data
        for *_, buffer, unwritten in self._outputs:
            buffer.raw = unwritten
        api = self._program.api
        try:
            status = api.Run(*self._arguments)
            if status:
                api.ReleaseStatus(status)
                return None
            found = {}
            for name, dtype, shape, buffer, unwritten in self._outputs:
                data = buffer.raw
                if data == unwritten:
                    return None
                found[name] = Tensor(dtype, shape, data)
            return self._with_unbound(found) if self._unbound else found
        finally:
            for index in self._unbound:
                api.ReleaseValue(word(self._made[index]))
                self._made[index] = None

    def _with_unbound(self, found: dict[str, Tensor]) -> dict[str, Tensor]:
        """All outputs in the model's order, those read anew that ONNX Runtime has made itself."""
        for index in self._unbound:
            each = self._program.outputs[index]
            found[each.name] = each.take(word(self._made[index]))
        return {each.name: found[each.name] for each in self._program.outputs}

    def _bound(self, spec: TensorSpec, shape: Shape, place: Any, index: int) -> Any:
        """A buffer, with the value over it in `place`."""
        api, nbytes = self._program.api, spec.dtype.nbytes(prod(shape))
        buffer = (c_char * nbytes)()
        status = api.CreateTensorWithDataAsOrtValue(
            self._program.memory,
            byref(buffer),
            word(nbytes),
            byref((c_int64 * len(shape))(*shape)),
            word(len(shape)),
            word(spec.dtype.code),
            byref(place, POINTER * index),
        )
        api.check(status, ModelError, spec.where)
        self._values.append(place[index])
        return buffer

    def __del__(self) -> None:
        for value in self._values:
            self._program.api.ReleaseValue(word(value))


def bound_shape(spec: TensorSpec, key: tuple[Shape, ...]) -> Shape | None:
    """The shape that an output is going to have; None when that cannot be known, or its memory not be ours."""
    shape = spec.shape
    if spec.dtype.family == "string" or ANY in shape[1:]:
        return None
    if ANY not in shape:
        return shape
    rows = {each[0] for each in key if each}
    return (rows.pop(), *shape[1:]) if len(rows) == 1 else None
