"""Azure ML and Vertex AI in the OpenAPI document, and parts for whatever else answers rows with predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import Description, closed_object
from onehandler.openapi.samples import sample_inputs, sample_rows
from onehandler.openapi.schema import element, input_row, nested, tensors
from onehandler.protocols.predictions import OUTPUTS, is_single, predicted

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.signature import Signature, TensorSpec


def azure_ml(bundle: Bundle) -> Description:
    """Bodies of POST /score."""
    signature = bundle.signature
    parameters = {"params": asked(signature)}
    if not signature.batched:
        request = with_optional(closed_object({"input_data": tensors(signature.inputs)}), parameters)
        return Description(whole(signature), request, {"tensors": {"input_data": sample_inputs(bundle)}})
    told = predictions(signature)
    table = {"anyOf": [rows(signature), split(signature)]}
    global_parameters = {"GlobalParameters": asked(signature)}
    forms = [
        with_optional(closed_object({"input_data": table}), parameters),
        with_optional(closed_object({"data": rows(signature)}), parameters),
        with_optional(closed_object({"Inputs": closed_object({"data": rows(signature)})}), global_parameters),
    ]
    sample = sample_rows(bundle)
    examples = {
        "input_data": {"input_data": sample},
        "data": {"data": sample},
        "Inputs": {"Inputs": {"data": sample}, "GlobalParameters": {}},
    }
    return Description({"anyOf": [told, closed_object({"Results": told})]}, {"oneOf": forms}, examples)


def vertex_ai(bundle: Bundle) -> Description | None:
    """Bodies of Vertex AI's predict."""
    signature = bundle.signature
    if not signature.batched:
        return None
    request = with_optional(closed_object({"instances": rows(signature)}), {"parameters": asked(signature)})
    answer = closed_object({"predictions": predictions(signature)})
    return Description(answer, request, {"instances": {"instances": sample_rows(bundle)}})


def with_optional(schema: dict[str, Any], members: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with further members that may be left away."""
    return {**schema, "properties": {**schema["properties"], **members}}


def asked(signature: Signature) -> dict[str, Any]:
    """Parameters: the names of the outputs to be told."""
    names = {
        "type": "array",
        "items": {"enum": list(signature.output_names)},
        "minItems": 1,
        "uniqueItems": True,
    }
    return {"type": "object", "properties": {OUTPUTS: names}, "additionalProperties": False}


def rows(signature: Signature) -> dict[str, Any]:
    """At least one row."""
    return {"type": "array", "minItems": 1, "items": input_row(signature)}


def split(signature: Signature) -> dict[str, Any]:
    """pandas' "split" orientation, its columns in the model's own order."""
    spec = signature.inputs[0]
    if len(signature.inputs) > 1:
        names = [each.name for each in signature.inputs]
        cells = [_value(each) for each in signature.inputs]
        row = {"type": "array", "prefixItems": cells, "minItems": len(cells), "maxItems": len(cells)}
    else:
        names = list(spec.columns)
        row = (
            nested(spec, spec.shape[1:]) if len(spec.shape) > 1 else {"type": "array", "items": element(spec)}
        )
        row |= {} if len(spec.shape) > 1 else {"minItems": 1, "maxItems": 1}
    data = {"type": "array", "items": row, "minItems": 1}
    members = {"columns": {"const": names}, "data": data} if names else {"data": data}
    return with_optional(closed_object(members), {"index": {"type": "array"}})


def predictions(signature: Signature) -> dict[str, Any]:
    """What rows are answered with; other outputs only where they were asked for."""
    default = _row(predicted(signature))
    others = {"type": "object", "properties": {spec.name: _value(spec) for spec in signature.outputs}}
    closed = {**others, "additionalProperties": False}
    items = [default, *(_value(spec) for spec in signature.outputs), closed]
    return {"type": "array", "items": {"anyOf": items}}


def whole(signature: Signature) -> dict[str, Any]:
    """The answer of a model that has no rows."""
    specs = {spec.name: nested(spec) for spec in signature.outputs}
    return {
        "anyOf": [*specs.values(), {"type": "object", "properties": specs, "additionalProperties": False}]
    }


def _row(specs: Any) -> dict[str, Any]:
    return _value(specs[0]) if len(specs) == 1 else closed_object({spec.name: _value(spec) for spec in specs})


def _value(spec: TensorSpec) -> dict[str, Any]:
    return element(spec) if is_single(spec) else nested(spec, spec.shape[1:])
