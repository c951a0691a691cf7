"""TensorFlow Serving's classify and regress: examples of features in, labelled scores or one number each out.

A SavedModel says which of its signatures classify and which regress. Here the model's outputs say it: scores need
an output of floats, one for each labelled class; a regression, exactly one output of one float a row.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray, mapped
from onehandler.protocols.content import json_response
from onehandler.protocols.tf_base64 import without_base64
from onehandler.rows import tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.handler import Handler
    from onehandler.message import Response
    from onehandler.signature import Signature, TensorSpec

_SINGLE = ((), (1,))  # an output's sizes after the first where each row has one value


def classify(handler: Handler, body: dict[str, Any]) -> Response:
    """Every class with its score for each example, in the order of the classes."""
    spec = scores_of(handler.signature)
    if spec is None:
        raise InvalidInput(
            "this model gives no scores by class label, or several; use :predict, which gives all of its outputs"
        )
    rows = _predicted(handler, body, spec)
    results = [[list(pair) for pair in zip(spec.columns, row, strict=True)] for row in rows]
    return json_response({"results": results}, len(rows), tokens=True)


def regress(handler: Handler, body: dict[str, Any]) -> Response:
    """One number for each example."""
    spec = number_of(handler.signature)
    if spec is None:
        raise InvalidInput(
            "this model does not give one float for each row; use :predict, which gives all of its outputs"
        )
    rows = _predicted(handler, body, spec)
    results = [row[0] for row in rows] if spec.shape[1:] else rows
    return json_response({"results": results}, len(rows), tokens=True)


def scores_of(signature: Signature) -> TensorSpec | None:
    """The output with a score for each labelled class; None unless there is exactly one."""
    found = [
        spec
        for spec in signature.outputs
        if spec.dtype.family == "float" and len(spec.shape) == 2 and spec.columns
    ]
    return found[0] if signature.batched and len(found) == 1 else None


def number_of(signature: Signature) -> TensorSpec | None:
    """The output with one float for each row; None unless there is exactly one."""
    found = [spec for spec in signature.outputs if spec.dtype.family == "float" and spec.shape[1:] in _SINGLE]
    return found[0] if signature.batched and len(found) == 1 else None


def _predicted(handler: Handler, body: dict[str, Any], spec: TensorSpec) -> list[Any]:
    signature = handler.signature
    rows = _rows(signature, body)
    if any(each.dtype.family == "string" for each in signature.inputs):
        rows = without_base64(rows, "examples", images=any(each.media for each in signature.inputs))
    found: list[Any] = handler.predict(tensors_from_rows(signature, rows, "examples"))[spec.name].nested()
    return found


def _rows(signature: Signature, body: dict[str, Any]) -> Any:
    """Examples as rows: each with the features of the context, and lists of one value as that value."""
    context, examples = body.get("context", {}), body.get("examples")
    if not isinstance(context, dict):
        raise InvalidInput(f"must be an object of features, {shown(context)} came", where="context")
    if not isinstance(examples, (list, LargeArray)):
        raise InvalidInput(f"must be an array of objects, {shown(examples)} came", where="examples")
    single = len(signature.inputs) > 1 or bool(signature.inputs[0].columns)
    return mapped(examples, lambda index, example: _row(example, context, single, f"examples[{index}]"))


def _row(example: Any, context: dict[str, Any], single: bool, where: str) -> dict[str, Any]:
    if not isinstance(example, dict):
        raise InvalidInput(f"must be an object of features, {shown(example)} came", where=where)
    if context.keys() & example.keys():
        raise InvalidInput("has a feature that the context has, too", where=where)
    row = {**context, **example}
    if not single:
        return row
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in row.items()
    }
