"""Result: what became of one row, and the flat columns it is written under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onehandler.dtypes import DType
    from onehandler.errors import OnehandlerError
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensor, Tensors


@dataclass(frozen=True, slots=True)
class Result:
    """One input row's answer.

    `row` counts from 1 within its part, `offset` is the row's first byte in the dropped file. Exactly one of
    `prediction` (as `onehandler.results.named_rows` gives it) and `error` is set. `carried` are the values of the
    columns that the results were asked to carry.
    """

    row: int
    offset: int
    prediction: Any = None
    error: OnehandlerError | None = None
    carried: Sequence[Any] = ()


def result_columns(signature: Signature) -> list[str]:
    """Names of the flat columns a prediction has: "label", "probabilities.benign", …, "embedding.0"."""
    return [name for spec in signature.outputs for name in _names(spec.name, spec.columns, spec.shape)]


def flat_types(signature: Signature) -> Iterator[tuple[str, DType, bool]]:
    """The flat columns' names with their element types, and whether they hold single values, not arrays."""
    for spec in signature.outputs:
        for name in _names(spec.name, spec.columns, spec.shape):
            yield name, spec.dtype, len(spec.shape) == 1 or (len(spec.shape) == 2 and spec.shape[1] > 0)


def columns_of(signature: Signature, outputs: Tensors) -> list[list[Any]]:
    """Many predictions at once: the values of each flat column, in the order of `result_columns`."""
    return [column for spec in signature.outputs for column in _columns(spec, outputs[spec.name])]


def flat(prediction: Any, signature: Signature) -> list[Any]:
    """A prediction's values in the order of `result_columns`; deeper arrays stay arrays."""
    sides = [prediction] if len(signature.outputs) == 1 else [prediction[s.name] for s in signature.outputs]
    values: list[Any] = []
    for spec, side in zip(signature.outputs, sides, strict=True):
        if spec.columns:
            values.extend(side[column] for column in spec.columns)
        elif _is_wide(spec.shape):
            values.extend(side)
        else:
            values.append(side)
    return values


def _names(name: str, columns: tuple[str, ...], shape: tuple[int, ...]) -> list[str]:
    if columns:
        return [f"{name}.{column}" for column in columns]
    if _is_wide(shape):
        return [f"{name}.{index}" for index in range(shape[1])]
    return [name]


def _columns(spec: TensorSpec, tensor: Tensor) -> list[list[Any]]:
    if len(tensor.shape) == 2:  # row-major: every so-manieth value is of one column
        values, width = tensor.values(), tensor.shape[1]
        if spec.columns or _is_wide(spec.shape) or width == 1:
            return [values[index::width] for index in range(width)]
    return [tensor.nested()]


def _is_wide(shape: tuple[int, ...]) -> bool:
    """[any, n] with a fixed n over 1: one column an entry."""
    return len(shape) == 2 and shape[1] > 1
