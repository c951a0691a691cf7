"""Tensors of several requests as one set of tensors with more rows, and back."""

from __future__ import annotations

from itertools import accumulate, chain
from typing import TYPE_CHECKING

from onehandler.errors import ModelError
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from onehandler.tensor import Tensors

    # What two sets of tensors must have in common to be joined: names, types, shapes of a row.
    Kind: TypeAlias = frozenset[tuple[str, str, tuple[int, ...]]]


def kind_of(tensors: Tensors) -> Kind:
    """What has to agree."""
    return frozenset((name, tensor.dtype.name, tensor.shape[1:]) for name, tensor in tensors.items())


def rows_of(tensors: Tensors) -> int:
    """How many rows they have; all have as many (the signature has been checked)."""
    return next(iter(tensors.values())).shape[0]


def joined(parts: Sequence[Tensors]) -> dict[str, Tensor]:
    """All rows, one part after the other."""
    return {name: _joined([part[name] for part in parts]) for name in parts[0]}


def split(tensors: Tensors, counts: Sequence[int]) -> list[dict[str, Tensor]]:
    """The tensors cut into parts of these many rows; ModelError if they haven't as many in all."""
    ends = list(accumulate(counts))
    for name, tensor in tensors.items():
        if tensor.shape[:1] != (ends[-1],):
            raise ModelError(f"output '{name}' has shape {list(tensor.shape)} for {ends[-1]} rows")
    starts = [0, *ends[:-1]]
    return [
        {name: _rows(tensor, start, end) for name, tensor in tensors.items()}
        for start, end in zip(starts, ends, strict=True)
    ]


def _joined(parts: list[Tensor]) -> Tensor:
    first = parts[0]
    shape = (sum(part.shape[0] for part in parts), *first.shape[1:])
    if isinstance(first.data, list):
        return Tensor(first.dtype, shape, list(chain.from_iterable(_strings(part) for part in parts)))
    return Tensor(first.dtype, shape, b"".join(_bytes(part) for part in parts))


def _rows(tensor: Tensor, start: int, end: int) -> Tensor:
    shape = (end - start, *tensor.shape[1:])
    if isinstance(tensor.data, list):
        each = len(tensor.data) // (tensor.shape[0] or 1)
        return Tensor(tensor.dtype, shape, tensor.data[start * each : end * each])
    data = _bytes(tensor)
    each = len(data) // (tensor.shape[0] or 1)
    return Tensor(tensor.dtype, shape, bytes(data[start * each : end * each]))


def _strings(tensor: Tensor) -> list[str]:
    assert isinstance(tensor.data, list)
    return tensor.data


def _bytes(tensor: Tensor) -> Any:
    data = tensor.data
    assert not isinstance(data, list)
    return data if type(data) is bytes else memoryview(data).cast("B") if memoryview(data).nbytes else b""
