"""TorchServe's protocol in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import Description, closed_object
from onehandler.openapi.media import one_row_of
from onehandler.openapi.samples import sample_rows
from onehandler.openapi.schema import element, input_row, nested
from onehandler.openapi.scoring import rows
from onehandler.protocols.predictions import is_single

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.protocols.routing import AnyRoute
    from onehandler.signature import Signature, TensorSpec

_TEXT: dict[str, Any] = {"type": "string"}
_LISTED = closed_object({"modelName": _TEXT, "modelUrl": _TEXT})


def description(route: AnyRoute, bundle: Bundle) -> Description | None:
    """Bodies of one route; None for predictions of a model that has no rows."""
    if route.template == "/models":
        return Description(closed_object({"models": {"type": "array", "items": _LISTED}}))
    if route.method == "GET":
        required = {"modelName": {"const": bundle.name}, "modelVersion": _TEXT, "runtime": _TEXT}
        described = {**closed_object(required), "additionalProperties": True}
        return Description({"type": "array", "items": described})
    signature = bundle.signature
    if not signature.batched:
        return None
    sample = sample_rows(bundle)
    forms = [rows(signature), closed_object({"instances": rows(signature)})]
    examples: dict[str, Any] = {"rows": sample, "instances": {"instances": sample}}
    if isinstance(sample[0], dict):
        forms.append({**input_row(signature), "type": "object"})
        examples["item"] = sample[0]
    row = _prediction(signature)
    many = {"type": "array", "items": row}
    answers = {"anyOf": [row, many, closed_object({"predictions": many})]}
    return Description(answers, {"anyOf": forms}, examples, (*one_row_of(signature), "multipart/form-data"))


def _prediction(signature: Signature) -> dict[str, Any]:
    """One prediction: the probability of each class, else every output."""
    specs = [spec for spec in signature.outputs if spec.columns][:1] or signature.outputs
    sides = {spec.name: _value(spec) for spec in specs}
    return next(iter(sides.values())) if len(sides) == 1 else closed_object(sides)


def _value(spec: TensorSpec) -> dict[str, Any]:
    if spec.columns:
        return closed_object(dict.fromkeys(spec.columns, element(spec)))
    return element(spec) if is_single(spec) else nested(spec, spec.shape[1:])
