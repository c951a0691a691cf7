"""The native protocol in the OpenAPI document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.openapi import Description, closed_object, model_schema
from onehandler.openapi.media import media_of
from onehandler.openapi.samples import sample_columns, sample_inputs, sample_rows
from onehandler.openapi.schema import encoded_or_nested, input_columns, input_row, nested, output_row

if TYPE_CHECKING:
    from onehandler.bundle import Bundle


def description(bundle: Bundle) -> Description:
    """Bodies of POST /predict."""
    signature = bundle.signature
    inputs = closed_object({spec.name: encoded_or_nested(spec) for spec in signature.inputs})
    forms: list[dict[str, Any]] = [closed_object({"inputs": inputs})]
    outputs = closed_object({spec.name: nested(spec) for spec in signature.outputs})
    answers = [model_schema(bundle, outputs=outputs)]
    examples: dict[str, Any] = {"tensors": {"inputs": sample_inputs(bundle)}}
    if signature.batched:
        rows = {"type": "array", "minItems": 1, "items": input_row(signature)}
        forms = [closed_object({"rows": rows}), closed_object({"columns": input_columns(signature)}), *forms]
        predictions = {"type": "array", "items": output_row(signature)}
        answers = [model_schema(bundle, predictions=predictions), *answers]
        examples = {
            "rows": {"rows": sample_rows(bundle)},
            "columns": {"columns": sample_columns(bundle)},
            **examples,
        }
    return Description({"oneOf": answers}, {"oneOf": forms}, examples, media_of(signature))
