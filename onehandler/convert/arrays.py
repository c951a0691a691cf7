"""Arrays by input name, for models that take more than tables: .npz, or .npy for a single input."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert.rows import EVERY
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError, InvalidInput
from onehandler.results import spelled
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onehandler.convert.rows import Rows, Taking
    from onehandler.dtypes import DType
    from onehandler.signature import Signature, TensorSpec

    Array = np.ndarray[Any, Any]

ONLY = ""  # the name of a .npy file's array: it fits any model with one input


@dataclass(frozen=True, slots=True)
class Arrays:
    """As many rows in each array. Implements onehandler.convert.rows.Rows.

    `numbers` are the rows' places in the file they came from.
    """

    arrays: Mapping[str, Array]
    numbers: Array

    @classmethod
    def of(cls, arrays: Mapping[str, Array], where: str) -> Arrays:
        """ConversionError when the arrays don't have equally many rows."""
        counts = {name: array.shape[0] if array.ndim else 0 for name, array in arrays.items()}
        if not counts or 0 in counts.values() or len(set(counts.values())) > 1:
            told = ", ".join(f"'{name}' {count}" for name, count in counts.items()) or "no array"
            raise ConversionError(f"needs equally many rows in each array; these came: {told}", where=where)
        return cls(arrays, np.arange(next(iter(counts.values()))))

    @property
    def names(self) -> Sequence[str]:
        """Names of the arrays."""
        return list(self.arrays)

    def __len__(self) -> int:
        return len(self.numbers)

    def part(self, start: int, stop: int) -> Arrays:
        """See Rows."""
        return self._taken(slice(start, stop))

    def split(self) -> tuple[Arrays, Arrays]:
        """See Rows."""
        if len(self) < EVERY:
            raise ConversionError(
                f"has {len(self)} rows; at least {EVERY} are needed, or held-out ones (--holdout)",
                where="--sample",
            )
        held = self.numbers % EVERY == 0
        return self._taken(~held), self._taken(held)

    def joined(self, others: Sequence[Rows]) -> Arrays:
        """See Rows."""
        fitting = [
            each for each in others if isinstance(each, Arrays) and each.arrays.keys() == self.arrays.keys()
        ]
        fitting = [each for each in fitting if _sizes(each) == _sizes(self)]
        return Arrays(
            {
                name: np.concatenate([array, *(each.arrays[name] for each in fitting)])
                for name, array in self.arrays.items()
            },
            np.concatenate([self.numbers, *(each.numbers for each in fitting)]),
        )

    def chosen(self, names: Sequence[str], where: str) -> Arrays:
        """See Rows; an array without a name is the only input's."""
        if len(names) == 1 and self.arrays.keys() == {ONLY}:
            return Arrays({names[0]: self.arrays[ONLY]}, self.numbers)
        missing = [f"'{name}'" for name in names if name not in self.arrays]
        if missing:
            raise ConversionError(
                f"lacks {len(missing)} of the model's inputs: {', '.join(missing[:10])}", where=where
            )
        return Arrays({name: self.arrays[name] for name in names}, self.numbers)

    def without(self, name: str, where: str) -> Arrays:
        """See Rows."""
        if name not in self.arrays:
            names = ", ".join(f"'{each}'" for each in self.arrays)
            raise ConversionError(
                f"has no array '{name}' to leave out (--target); there are {names}", where=where
            )
        return Arrays({key: array for key, array in self.arrays.items() if key != name}, self.numbers)

    def tensors(self, signature: Taking) -> dict[str, Tensor]:
        """See Rows; numbers are given the input's type."""
        arrays = self.chosen([spec.name for spec in signature.inputs], "--sample").arrays
        return {spec.name: _tensor(spec, arrays[spec.name]) for spec in signature.inputs}

    def sent(self, signature: Signature) -> list[Any]:
        """See Rows: objects by input name, or the bare value of an only input."""
        nested = {name: tensor.nested() for name, tensor in self.tensors(signature).items()}
        if len(nested) == 1:
            return [spelled(row) for row in next(iter(nested.values()))]
        return [spelled(dict(zip(nested, row, strict=True))) for row in zip(*nested.values(), strict=True)]

    def line(self, row: int) -> int:
        """See Rows."""
        return int(self.numbers[row]) + 1

    def baseline(self) -> dict[str, Any]:
        """Nothing: the distribution of one pixel tells no drift."""
        return {}

    def _taken(self, chosen: slice | Array) -> Arrays:
        return Arrays({name: array[chosen] for name, array in self.arrays.items()}, self.numbers[chosen])


def read_arrays(path: Path) -> Arrays:
    """Read .npz or .npy, without pickles."""
    try:
        found = np.load(path, allow_pickle=False)
        arrays = dict(found) if hasattr(found, "files") else {ONLY: found}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ConversionError(
            f"cannot be read as numpy arrays: {reason}; write it with numpy.savez(path, name=array)",
            where=str(path),
        ) from None
    return Arrays.of(arrays, str(path))


def dtype_of(array: Array, where: str) -> DType:
    """The element type of an array; ConversionError when no model takes it."""
    if array.dtype.kind in "US":
        return dtype_named("string")
    try:
        return dtype_named(array.dtype.name)
    except InvalidInput as error:
        raise ConversionError(error.message, where=where) from None


def _tensor(spec: TensorSpec, array: Array) -> Tensor:
    if spec.dtype.family == "string":
        return Tensor(spec.dtype, array.shape, [str(each) for each in array.ravel().tolist()])
    numbers = array.astype(np.dtype(spec.dtype.name))
    return Tensor(spec.dtype, numbers.shape, np.ascontiguousarray(numbers).tobytes())


def _sizes(rows: Arrays) -> list[tuple[int, ...]]:
    return [array.shape[1:] for array in rows.arrays.values()]
