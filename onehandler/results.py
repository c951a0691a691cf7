"""Tensors → rows of plain Python values, for every protocol and for batch results."""

from __future__ import annotations

from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensor, Tensors


def named_rows(signature: Signature, outputs: Tensors) -> list[Any]:
    """Results as people read them.

    Single values stand unwrapped, named columns become objects, several outputs objects by output name.
    """
    sides = [_named(spec, outputs[spec.name]) for spec in signature.outputs]
    if len(sides) == 1:
        return sides[0]
    return [dict(zip(signature.output_names, row, strict=True)) for row in zip(*sides, strict=True)]


def spelled(value: Any) -> Any:
    """The same value with NaN and infinities as strings, for JSON has no numbers for them."""
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124
    if isinstance(value, list):
        return [spelled(each) for each in value]
    if isinstance(value, dict):
        return {key: spelled(each) for key, each in value.items()}
    return value


def _named(spec: TensorSpec, tensor: Tensor) -> list[Any]:
    """One output as a list of rows."""
    rows: list[Any] = tensor.nested()
    if spec.columns:
        return [dict(zip(spec.columns, row, strict=True)) for row in rows]
    if len(tensor.shape) == 2 and tensor.shape[1] == 1:
        return [row[0] for row in rows]
    return rows
