"""TensorFlow Serving's view of a signature: model metadata, and its part of the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import Description, closed_object
from onehandler.openapi.samples import sample_inputs, sample_rows
from onehandler.openapi.schema import element, input_row, nested, tensors
from onehandler.protocols.tf_examples import number_of, scores_of

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.protocols.routing import AnyRoute
    from onehandler.signature import Signature, TensorSpec

_TYPES = {
    "float16": "DT_HALF", "float32": "DT_FLOAT", "float64": "DT_DOUBLE", "bfloat16": "DT_BFLOAT16",
    "float8e4m3fn": "DT_FLOAT8_E4M3FN", "float8e4m3fnuz": "DT_FLOAT8_E4M3FNUZ",
    "float8e5m2": "DT_FLOAT8_E5M2", "float8e5m2fnuz": "DT_FLOAT8_E5M2FNUZ",
}  # fmt: skip


def describe(bundle: Bundle) -> dict[str, Any]:
    """GetModelMetadataResponse as JSON."""
    signature = bundle.signature
    definition = {
        "inputs": {spec.name: _tensor_info(spec) for spec in signature.inputs},
        "outputs": {spec.name: _tensor_info(spec) for spec in signature.outputs},
        "method_name": "tensorflow/serving/predict",
    }
    return {
        "model_spec": {"name": bundle.name, "signature_name": "", "version": bundle.version},
        "metadata": {"signature_def": {"signature_def": {"serving_default": definition}}},
    }


def operation(route: AnyRoute, bundle: Bundle) -> Description | None:
    """Bodies of one route of the protocol; None of a verb that the bundle's outputs don't fit."""
    if route.method == "GET":
        return Description({"type": "object"})
    verb = route.template.rpartition(":")[2]
    return _prediction(bundle) if verb == "predict" else _examples(bundle, verb)


def _examples(bundle: Bundle, verb: str) -> Description | None:
    """Bodies of classify and regress."""
    signature = bundle.signature
    spec = scores_of(signature) if verb == "classify" else number_of(signature)
    if spec is None:
        return None
    score = element(spec)
    pair = {
        "type": "array",
        "prefixItems": [{"enum": list(spec.columns)}, score],
        "minItems": 2,
        "maxItems": 2,
    }
    result = {"type": "array", "items": pair} if verb == "classify" else score
    features = {"type": "object"}
    form = closed_object({"examples": {"type": "array", "minItems": 1, "items": features}})
    form["properties"] |= {"context": features, "signature_name": {"enum": _signature_names(verb)}}
    rows = [row if isinstance(row, dict) else {signature.inputs[0].name: row} for row in sample_rows(bundle)]
    answer = closed_object({"results": {"type": "array", "items": result}})
    return Description(answer, form, {"examples": {"examples": rows}})


def _signature_names(verb: str) -> list[str]:
    return ["", "serving_default", f"tensorflow/serving/{verb}"]


def _prediction(bundle: Bundle) -> Description:
    """Bodies of predict."""
    signature = bundle.signature
    name = {"signature_name": {"enum": _signature_names("predict")}}
    forms = [_form("inputs", tensors(signature.inputs), name)]
    answers = [closed_object({"outputs": _outputs(signature)})]
    examples: dict[str, Any] = {"column format": {"inputs": sample_inputs(bundle)}}
    if signature.batched:
        rows = {"type": "array", "minItems": 1, "items": input_row(signature)}
        forms = [_form("instances", rows, name), *forms]
        answers = [closed_object({"predictions": {"type": "array", "items": _row(signature)}}), *answers]
        examples = {"row format": {"instances": sample_rows(bundle)}, **examples}
    return Description({"oneOf": answers}, {"oneOf": forms}, examples)


def _tensor_info(spec: TensorSpec) -> dict[str, Any]:
    dims = [{"size": str(size), "name": ""} for size in spec.shape]
    return {
        "dtype": _TYPES.get(spec.dtype.name, f"DT_{spec.dtype.name.upper()}"),
        "tensor_shape": {"dim": dims, "unknown_rank": False},
        "name": spec.name,
    }


def _form(member: str, schema: dict[str, Any], optional: dict[str, Any]) -> dict[str, Any]:
    form = closed_object({member: schema})
    form["properties"] |= optional
    return form


def _row(signature: Signature) -> dict[str, Any]:
    parts = {spec.name: _values(spec, spec.shape[1:]) for spec in signature.outputs}
    return next(iter(parts.values())) if len(parts) == 1 else closed_object(parts)


def _outputs(signature: Signature) -> dict[str, Any]:
    parts = {spec.name: _values(spec, spec.shape) for spec in signature.outputs}
    return next(iter(parts.values())) if len(parts) == 1 else closed_object(parts)


def _values(spec: TensorSpec, shape: tuple[int, ...]) -> dict[str, Any]:
    """Nested values; strings of outputs whose name ends with _bytes are base64 objects."""
    schema = nested(spec, shape)
    if spec.dtype.family != "string" or not spec.name.endswith("_bytes"):
        return schema
    inner = closed_object({"b64": {"type": "string", "contentEncoding": "base64"}})
    for _ in shape:
        inner = {"type": "array", "items": inner}
    return inner
