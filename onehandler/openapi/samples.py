"""Example requests: the bundle's own samples in every form that the signature allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.signature import ANY

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.signature import TensorSpec

_ROWS = 2  # enough to show that there may be several


def sample_inputs(bundle: Bundle) -> dict[str, Any]:
    """Named tensors as nested lists: the bundle's first sample, else zeros of the right shape."""
    samples = bundle.manifest.get("samples") or []
    inputs = bundle.signature.inputs
    if not samples:
        return {spec.name: _zeros(spec, spec.shape) for spec in inputs}
    found = samples[0]["inputs"]
    if not bundle.signature.batched:
        return {spec.name: found[spec.name] for spec in inputs}
    return {spec.name: found[spec.name][:_ROWS] for spec in inputs}


def sample_rows(bundle: Bundle) -> list[Any]:
    """The same as rows: objects by column or input name, plain values where there are no names."""
    inputs = sample_inputs(bundle)
    specs = bundle.signature.inputs
    if len(specs) > 1:
        sides = [[_unwrapped(spec, part) for part in inputs[spec.name]] for spec in specs]
        names = [spec.name for spec in specs]
        return [dict(zip(names, row, strict=True)) for row in zip(*sides, strict=True)]
    spec = specs[0]
    rows: list[Any] = inputs[spec.name]
    if spec.columns:
        return [dict(zip(spec.columns, row, strict=True)) for row in rows]
    return [_unwrapped(spec, row) for row in rows]


def sample_columns(bundle: Bundle) -> dict[str, Any]:
    """The same as columns."""
    rows = sample_rows(bundle)
    if isinstance(rows[0], dict):
        return {name: [row[name] for row in rows] for name in rows[0]}
    return {bundle.signature.inputs[0].name: rows}


def _unwrapped(spec: TensorSpec, part: Any) -> Any:
    return part[0] if spec.shape[1:] == (1,) else part


def _zeros(spec: TensorSpec, shape: tuple[int, ...]) -> Any:
    if shape:
        return [_zeros(spec, shape[1:]) for _ in range(1 if shape[0] == ANY else shape[0])]
    return {"float": 0.0, "int": 0, "bool": False, "string": ""}[spec.dtype.family]
