"""JSON schemas of tensors and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import NUMBER, closed_object
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.signature import Signature, TensorSpec


def element(spec: TensorSpec) -> dict[str, Any]:
    """One element of a tensor."""
    family = spec.dtype.family
    if family == "float":
        number = {"$ref": NUMBER}
        return {"anyOf": [number, {"type": "null"}]} if spec.nullable else number
    if family == "int":
        return {"type": "integer", "minimum": spec.dtype.low, "maximum": spec.dtype.high}
    if spec.media:
        return {"type": "string", "contentEncoding": "base64", "description": "a PNG, JPEG or WebP file"}
    return {"type": "boolean" if family == "bool" else "string"}


def nested(spec: TensorSpec, shape: Sequence[int] | None = None) -> dict[str, Any]:
    """Nested arrays after the spec's shape, or the given part of it."""
    schema = element(spec)
    for size in reversed(spec.shape if shape is None else shape):
        schema = {"type": "array", "items": schema}
        if size != ANY:
            schema |= {"minItems": size, "maxItems": size}
    return schema


def encoded_or_nested(spec: TensorSpec) -> dict[str, Any]:
    """A tensor as nested arrays, or its little-endian bytes in base64."""
    if not spec.dtype.bits:
        return nested(spec)
    sizes = {"type": "array", "items": {"type": "integer", "minimum": 0}}
    encoded = {
        "type": "object",
        "properties": {"base64": {"type": "string", "contentEncoding": "base64"}, "shape": sizes},
        "required": ["base64"],
        "additionalProperties": False,
    }
    return {"anyOf": [nested(spec), encoded]}


def tensors(specs: Sequence[TensorSpec]) -> dict[str, Any]:
    """An object of whole tensors by name."""
    return closed_object({spec.name: nested(spec) for spec in specs})


def input_row(signature: Signature) -> dict[str, Any]:
    """One row as clients may send it."""
    if len(signature.inputs) > 1:
        return closed_object({spec.name: _cell(spec) for spec in signature.inputs})
    spec = signature.inputs[0]
    if not spec.columns:
        return {"anyOf": [_cell(spec), closed_object({spec.name: _cell(spec)})]}
    named = closed_object(dict.fromkeys(spec.columns, element(spec)))
    return {"anyOf": [named, nested(spec, spec.shape[1:])]}


def input_columns(signature: Signature) -> dict[str, Any]:
    """All rows as an object of columns."""
    spec = signature.inputs[0]
    if len(signature.inputs) == 1 and spec.columns:
        column = {"type": "array", "items": element(spec)}
        return closed_object(dict.fromkeys(spec.columns, column))
    return closed_object({each.name: {"type": "array", "items": _cell(each)} for each in signature.inputs})


def output_row(signature: Signature) -> dict[str, Any]:
    """One prediction as `results.named_rows` writes it."""
    if len(signature.outputs) == 1:
        return _named(signature.outputs[0])
    return closed_object({spec.name: _named(spec) for spec in signature.outputs})


def _cell(spec: TensorSpec) -> dict[str, Any]:
    """One row's part of one input: an array of one value may stand without brackets."""
    inner = nested(spec, spec.shape[1:])
    return {"anyOf": [element(spec), inner]} if spec.shape[1:] == (1,) else inner


def _named(spec: TensorSpec) -> dict[str, Any]:
    if spec.columns:
        return closed_object(dict.fromkeys(spec.columns, element(spec)))
    return nested(spec, () if spec.shape[1:] == (1,) else spec.shape[1:])
