"""Azure Machine Learning's online endpoints: POST /score, in the forms that its documentation has.

{"input_data": {"columns": [...], "data": [[...]]}}     or rows, or tensors by input name; the form of MLflow models
{"data": rows}                                          the form of most score.py
    → [predictions]
{"Inputs": {"data": rows}, "GlobalParameters": {}}      the form of automated ML and the designer
    → {"Results": [predictions]}

"params" and "GlobalParameters" may hold `outputs`, the names of the outputs to be told; any other is refused.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray
from onehandler.protocols.content import json_bytes, json_inputs, json_response
from onehandler.protocols.mlflow import from_inputs, from_split, without_others
from onehandler.protocols.predictions import asked_by, count_rows, values_of
from onehandler.protocols.routing import Route
from onehandler.rows import tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols.routing import AnyRoute, Parameters
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

# The member that holds the rows → the one that may hold parameters.
_PARAMETERS = {"input_data": "params", "data": "params", "Inputs": "GlobalParameters"}


def score(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer rows or tensors with predictions."""
    signature = handler.signature
    body = json_inputs(signature, json_bytes(request, handler.settings.max_body))
    member = _member(body)
    parameters = _PARAMETERS[member]
    specs = asked_by(signature, body.get(parameters), parameters)
    outputs = handler.predict(_tensors(signature, member, body[member]))
    answers = values_of(signature, specs, outputs)
    held = sum(len(outputs[spec.name].data) for spec in specs)
    return json_response(
        {"Results": answers} if member == "Inputs" else answers, count_rows(signature, outputs), held=held
    )


def _member(body: Any) -> str:
    """Which of the forms a body has."""
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object, {shown(body)} came", where="body")
    found = [name for name in _PARAMETERS if name in body]
    if len(found) != 1 or not body.keys() <= {found[0], _PARAMETERS[found[0]]}:
        raise InvalidInput(
            f"must have exactly one of {', '.join(_PARAMETERS)}, and maybe its parameters; {len(body)} members came",
            where="body",
        )
    return found[0]


def _tensors(signature: Signature, member: str, content: Any) -> Tensors:
    if member == "Inputs":
        if not isinstance(content, dict) or content.keys() != {"data"}:
            raise InvalidInput("must be an object of 'data'", where=member)
        return _table(signature, content["data"], "Inputs.data")
    if member == "data":
        return _table(signature, content, member)
    if isinstance(content, dict) and "data" in content and content.keys() <= {"columns", "index", "data"}:
        return from_split(signature, content, member)
    return (
        _table(signature, content, member) if signature.batched else from_inputs(signature, content, member)
    )


def _table(signature: Signature, content: Any, where: str) -> Tensors:
    """Rows as arrays or as objects by column name; else tensors by input name."""
    if isinstance(content, dict):
        return from_inputs(signature, content, where)
    if isinstance(content, (list, LargeArray)):
        content = without_others(signature, content)
    return tensors_from_rows(signature, content, where)


class AzureMl:
    """See the module's description."""

    routes = (Route("POST", "/score", score, "Predict as an online endpoint of Azure Machine Learning"),)

    def refuse(self, error: OnehandlerError) -> Response:
        """{"error": text}: Azure passes on what comes."""
        from onehandler.protocols import error_object  # a cold start's first request is rarely wrong

        return error_object.refuse(error)

    def describe(self, _route: AnyRoute, bundle: Bundle) -> Description | None:
        """Every form, as far as the signature allows it."""
        from onehandler.openapi import scoring  # the OpenAPI document is no prediction

        return scoring.azure_ml(bundle)


PROTOCOL = AzureMl()
