"""The Open Inference Protocol in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import Description, closed_object
from onehandler.openapi.samples import sample_inputs
from onehandler.openapi.schema import element, nested
from onehandler.protocols.open_inference_types import DATATYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onehandler.bundle import Bundle
    from onehandler.protocols.routing import AnyRoute
    from onehandler.signature import TensorSpec

_BINARY = ("application/octet-stream",)
_TEXT: dict[str, Any] = {"type": "string"}
_FLAG: dict[str, Any] = {"type": "boolean"}
_SIZES: dict[str, Any] = {"type": "array", "items": {"type": "integer", "minimum": 0}}
_TENSORS: dict[str, Any] = {
    "type": "array",
    "items": closed_object(
        {"name": _TEXT, "datatype": {"enum": list(DATATYPES.values())}, "shape": {"type": "array"}}
    ),
}
_METADATA = {"name": _TEXT, "versions": {"type": "array", "items": _TEXT}, "platform": _TEXT}
_INDEXED = closed_object({"name": _TEXT, "version": _TEXT, "state": _TEXT, "reason": _TEXT})
_ANSWERS = {
    "v2": closed_object({"name": _TEXT, "version": _TEXT, "extensions": {"type": "array", "items": _TEXT}}),
    "live": closed_object({"live": {"const": True}}),
    "ready": closed_object({"ready": {"const": True}}),
}


def description(route: AnyRoute, bundle: Bundle) -> Description | None:
    """Bodies of one route; None where the protocol has no datatype for a tensor that the route would name."""
    last = route.template.rpartition("/")[2]
    signature = bundle.signature
    named = all(spec.dtype in DATATYPES for spec in (*signature.inputs, *signature.outputs))
    if not named and last not in ("v2", "live", "ready", "index"):
        return None
    if last == "infer":
        return _inference(bundle)
    if last == "index":
        request = {"type": "object", "properties": {"ready": _FLAG}}
        return Description({"type": "array", "items": _INDEXED}, request, {"all": {"ready": True}})
    if last == "ready" and "{name}" in route.template:
        return Description(closed_object({"name": {"const": bundle.name}, "ready": {"const": True}}))
    metadata = closed_object({**_METADATA, "inputs": _TENSORS, "outputs": _TENSORS})
    return Description(_ANSWERS.get(last, metadata))


def _inference(bundle: Bundle) -> Description:
    signature = bundle.signature
    inputs = {"type": "array", "items": {"anyOf": [_input(spec) for spec in signature.inputs]}}
    count = {"minItems": len(signature.inputs), "maxItems": len(signature.inputs)}
    wanted = {"type": "array", "items": {"anyOf": [_wanted(spec) for spec in signature.outputs]}}
    request = {
        "type": "object",
        "properties": {
            "id": _TEXT,
            "parameters": {"type": "object", "properties": {"binary_data_output": _FLAG}},
            "inputs": inputs | count,
            "outputs": wanted,
        },
        "required": ["inputs"],
    }
    examples = {"tensors": {"inputs": _examples(bundle)}}
    return Description(_answer(bundle), request, examples, _BINARY, _BINARY)


def _input(spec: TensorSpec) -> dict[str, Any]:
    """One tensor as JSON; with `binary_data_size` in its parameters it stands after the JSON instead."""
    flat = {"type": "array", "items": element(spec)}
    family = [name for dtype, name in DATATYPES.items() if dtype.family == spec.dtype.family]
    members = {
        "name": {"const": spec.name},
        "shape": _SIZES,
        "datatype": {"enum": family},
        "data": {"anyOf": [flat, nested(spec)]} if len(spec.shape) > 1 else flat,
    }
    schema = closed_object(members)
    schema["properties"] |= {"parameters": {"type": "object"}}
    return schema


def _wanted(spec: TensorSpec) -> dict[str, Any]:
    """One output that is asked for."""
    parameters = {"binary_data": _FLAG}
    if spec.dtype.family in ("float", "int"):
        parameters["classification"] = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
    schema = closed_object({"name": {"const": spec.name}})
    schema["properties"] |= {"parameters": {"type": "object", "properties": parameters}}
    return schema


def _answer(bundle: Bundle) -> dict[str, Any]:
    """An answer whose tensors are all JSON."""
    outputs = [_output(spec) for spec in bundle.signature.outputs]
    answer = closed_object(
        {
            "model_name": {"const": bundle.name},
            "model_version": {"const": bundle.version},
            "outputs": {"type": "array", "items": {"anyOf": outputs}},
        }
    )
    answer["properties"] |= {"id": _TEXT}
    return answer


def _output(spec: TensorSpec) -> dict[str, Any]:
    tensor = closed_object(
        {
            "name": {"const": spec.name},
            "datatype": {"const": DATATYPES[spec.dtype]},
            "shape": _SIZES,
            "data": {"type": "array", "items": element(spec)},
        }
    )
    if spec.dtype.family not in ("float", "int"):
        return tensor
    texts = {"datatype": {"const": "BYTES"}, "data": {"type": "array", "items": _TEXT}}
    return {"anyOf": [tensor, {**tensor, "properties": {**tensor["properties"], **texts}}]}


def _examples(bundle: Bundle) -> list[dict[str, Any]]:
    """The bundle's samples as tensors, nested as people read them."""
    samples: Mapping[str, Any] = sample_inputs(bundle)
    return [
        {
            "name": spec.name,
            "shape": _shape(samples[spec.name], len(spec.shape)),
            "datatype": DATATYPES[spec.dtype],
            "data": samples[spec.name] if spec.shape else [samples[spec.name]],
        }
        for spec in bundle.signature.inputs
    ]


def _shape(value: Any, rank: int) -> list[int]:
    sizes = []
    for _ in range(rank):
        sizes.append(len(value))
        value = value[0] if value else []
    return sizes
