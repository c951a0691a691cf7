"""POST /invocations and what stands beside it, in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import Description, closed_object
from onehandler.openapi.media import media_of
from onehandler.openapi.samples import sample_inputs, sample_rows
from onehandler.openapi.schema import tensors
from onehandler.openapi.scoring import asked, predictions, rows, split, whole, with_optional
from onehandler.protocols.sagemaker import JSON_LINES, WRITES

if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.protocols.routing import AnyRoute


def description(route: AnyRoute, bundle: Bundle) -> Description:
    """Bodies of one route."""
    if route.template == "/version":
        return Description({"type": "string"}, answers=("text/plain",))
    if route.template == "/execution-parameters":
        count = {"type": "integer", "minimum": 1}
        members = {
            "MaxConcurrentTransforms": count,
            "BatchStrategy": {"type": "string"},
            "MaxPayloadInMB": count,
        }
        return Description(closed_object(members))
    return _predictions(bundle)


def _predictions(bundle: Bundle) -> Description:
    signature = bundle.signature
    params = {"params": asked(signature)}
    forms = [with_optional(closed_object({"inputs": tensors(signature.inputs)}), params)]
    examples: dict[str, Any] = {"inputs": {"inputs": sample_inputs(bundle)}}
    if not signature.batched:
        return Description(closed_object({"predictions": whole(signature)}), {"oneOf": forms}, examples)
    sample = sample_rows(bundle)
    split_form = closed_object({"dataframe_split": split(signature)})
    forms = [
        *forms,
        with_optional(closed_object({"instances": rows(signature)}), params),
        with_optional(split_form, params),
        rows(signature),
    ]
    examples |= {"instances": {"instances": sample}, "rows": sample}
    if all(isinstance(row, dict) for row in sample):
        records = {"type": "array", "minItems": 1, "items": {"type": "object"}}
        forms.append(with_optional(closed_object({"dataframe_records": records}), params))
        examples["dataframe_records"] = {"dataframe_records": sample}
    told = predictions(signature)
    answers = {"anyOf": [closed_object({"predictions": told}), told]}
    return Description(answers, {"oneOf": forms}, examples, (*JSON_LINES, *media_of(signature)), WRITES[1:])
