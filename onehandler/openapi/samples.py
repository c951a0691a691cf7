"""Example requests: the bundle's own samples in every form that the signature allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.signature import ANY

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.signature import TensorSpec

_ROWS = 2  # enough to show that there may be several


def sample_rows(bundle: Bundle) -> list[Any]:
    """A few rows as clients send them: those of the bundle's samples, else one of zeros."""
    found: list[Any] = (bundle.manifest.get("samples") or {}).get("rows") or []
    if found:
        return found[:_ROWS]
    specs = bundle.signature.inputs
    if len(specs) > 1:
        return [{spec.name: _unwrapped(spec, _zeros(spec, spec.shape[1:])) for spec in specs}]
    zeros = _zeros(specs[0], specs[0].shape[1:])
    columns = specs[0].columns
    return [dict(zip(columns, zeros, strict=True)) if columns else _unwrapped(specs[0], zeros)]


def sample_inputs(bundle: Bundle) -> dict[str, Any]:
    """The same as named tensors, nested lists by input name."""
    specs = bundle.signature.inputs
    if not bundle.signature.batched:
        return {spec.name: _zeros(spec, spec.shape) for spec in specs}
    rows = sample_rows(bundle)
    if len(specs) > 1:
        return {spec.name: [_wrapped(spec, row[spec.name]) for row in rows] for spec in specs}
    return {specs[0].name: [_one_input(specs[0], row) for row in rows]}


def sample_columns(bundle: Bundle) -> dict[str, Any]:
    """The same as columns."""
    rows = sample_rows(bundle)
    if isinstance(rows[0], dict):
        return {name: [row[name] for row in rows] for name in rows[0]}
    return {bundle.signature.inputs[0].name: rows}


def _one_input(spec: TensorSpec, row: Any) -> Any:
    """A row of the only input: an object by column or input name, or the value itself."""
    if not isinstance(row, dict):
        return _wrapped(spec, row)
    if spec.columns and row.keys() == set(spec.columns):
        return [row[column] for column in spec.columns]
    return _wrapped(spec, row[spec.name])


def _wrapped(spec: TensorSpec, part: Any) -> Any:
    return [part] if spec.shape[1:] == (1,) and not isinstance(part, list) else part


def _unwrapped(spec: TensorSpec, part: Any) -> Any:
    return part[0] if spec.shape[1:] == (1,) else part


def _zeros(spec: TensorSpec, shape: tuple[int, ...]) -> Any:
    if shape:
        return [_zeros(spec, shape[1:]) for _ in range(1 if shape[0] == ANY else shape[0])]
    return {"float": 0.0, "int": 0, "bool": False, "string": ""}[spec.dtype.family]
