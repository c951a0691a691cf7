"""NumPy's .npy: one array whose first dimension counts rows. A row has as many bytes as any other."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from onehandler.batch.inputs import Layout
from onehandler.codecs.npy import described
from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.signature import ANY
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.batch.inputs import Asked, File
    from onehandler.codecs.npy import Described
    from onehandler.dtypes import DType
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Buffer, Tensors

_HEADER = 128 * 1024  # bytes read for it
_READ = 4 * 1024 * 1024  # bytes at a time


class Npy:
    """The format under ".npy"."""

    def layout(self, file: File, signature: Signature, asked: Asked) -> Layout:
        """Whole rows a chunk. The array must be of the model's only input's kind, and as wide."""
        found = described(file.read(0, _HEADER), "the array")
        spec = _only_input(signature)
        _check(spec, found)
        row = found.dtype.nbytes(prod(found.shape[1:]))
        if found.start + row * found.shape[0] != file.size:
            raise InvalidInput(
                f"its header promises {row * found.shape[0]:,} bytes of values, the file has "
                f"{file.size - found.start:,}",
                where="the array",
            )
        if asked.carry:
            raise InvalidInput("an array has no named columns that could be carried", where="carry")
        step = max(1, asked.chunk_bytes // row) * row
        chunks = -(-(file.size - found.start) // step)
        shape = [found.dtype.name, *map(str, found.shape[1:])]
        return Layout(chunks, found.start, step, shape)

    def blocks(
        self,
        file: File,
        layout: Layout,
        chunk: int,
        *,
        inside: bool,  # noqa: ARG002
        most: int,  # noqa: ARG002
    ) -> Iterator[NpyBlock]:
        """As many rows as a read gives."""
        dtype, shape = dtype_named(layout.columns[0]), tuple(map(int, layout.columns[1:]))
        row = dtype.nbytes(prod(shape))
        start, end = layout.range_of(chunk, file.size)
        step = max(1, _READ // row) * row
        for first in range(start, end, step):
            data = file.read(first, min(first + step, end))
            yield NpyBlock(dtype, shape, range(first, first + len(data), row), data)


@dataclass(frozen=True, slots=True)
class NpyBlock:
    """Implements Block."""

    dtype: DType
    shape: tuple[int, ...]  # of a row
    offsets: range
    data: Buffer

    def part(self, first: int, count: int) -> NpyBlock:
        """Some rows."""
        row = self.offsets.step
        data = memoryview(self.data)[first * row : (first + count) * row]
        return NpyBlock(self.dtype, self.shape, self.offsets[first : first + count], data)

    def tensors(self, signature: Signature) -> Tensors | None:
        """The bytes themselves, or the same numbers in the model's type; None where one doesn't fit that."""
        spec = signature.inputs[0]
        tensor = self._tensor()
        if self.dtype.name == "bool" and max(self.data, default=0) > 1:
            return None
        if tensor.dtype is not spec.dtype:
            try:
                tensor = Tensor.of(spec.dtype, tensor.shape, tensor.values())
            except InvalidInput:
                return None
        return {spec.name: tensor}

    def rows(self, signature: Signature) -> list[Any]:  # noqa: ARG002
        """Nested lists, or single values."""
        rows: list[Any] = self._tensor().nested()
        if self.dtype.name != "bool":
            return rows
        sizes = [max(memoryview(self.part(index, 1).data), default=0) for index in range(len(rows))]
        odd = InvalidInput("holds a bool that is neither 0 nor 1")
        return [odd if size > 1 else row for row, size in zip(rows, sizes, strict=True)]

    def carried(self) -> list[list[Any]]:
        """An array has no names."""
        return []

    def _tensor(self) -> Tensor:
        return Tensor(self.dtype, (len(self.offsets), *self.shape), self.data)


def _only_input(signature: Signature) -> TensorSpec:
    if len(signature.inputs) != 1:
        raise InvalidInput(f"this model takes {len(signature.inputs)} inputs; drop JSON Lines instead")
    return signature.inputs[0]


def _check(spec: TensorSpec, found: Described) -> None:
    wide = len(found.shape) == len(spec.shape) and all(
        wanted in (ANY, size) for wanted, size in zip(spec.shape[1:], found.shape[1:], strict=True)
    )
    if not wide or not prod(found.shape[1:]):
        shape = ", ".join(map(str, found.shape))
        raise InvalidInput(f"has the shape ({shape}), the model takes {spec.shape_text}", where="the array")
    if found.dtype.family != spec.dtype.family:
        raise InvalidInput(f"holds {found.dtype.name}, the model takes {spec.dtype.name}", where="the array")


INPUT = Npy()
