"""Our own protocol: POST /predict with rows, columns or named tensors.

{"rows": [[5.1, 3.5, 1.4, 0.2]]}                 or rows as objects by feature name
{"columns": {"sepal length": [5.1], …}}
    → {"predictions": [{"label": 0, "probabilities": {"setosa": 0.97, …}}], "model": {"name": …, …}}
{"inputs": {"X": [[5.1, 3.5, 1.4, 0.2]]}}
    → {"outputs": {"label": [0], "probabilities": [[0.97, …]]}, "model": {…}}
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.protocols import problem
from onehandler.protocols.content import json_body, json_response
from onehandler.protocols.routing import Route
from onehandler.results import named_rows
from onehandler.rows import check_names, tensor_from_nested, tensors_from_columns, tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols.routing import Parameters
    from onehandler.tensor import Tensors

_FORMS = '"rows", "columns" or "inputs"'


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer rows or columns with predictions, named tensors with named tensors."""
    form, content = _only_member(json_body(request, handler.settings.max_body))
    bundle = handler.bundle
    answer: dict[str, Any] = {}
    if form == "inputs":
        outputs = handler.predict(_named_tensors(handler, content))
        answer["outputs"] = {name: tensor.nested() for name, tensor in outputs.items()}
    else:
        read = tensors_from_rows if form == "rows" else tensors_from_columns
        outputs = handler.predict(read(handler.signature, content))
        answer["predictions"] = named_rows(handler.signature, outputs)
    answer["model"] = {"name": bundle.name, "version": bundle.version}
    return json_response(answer, count_rows(handler, outputs))


def count_rows(handler: Handler, outputs: Tensors) -> int:
    """How many rows an answer predicts; a model without a row dimension answers one thing at a time."""
    if not handler.signature.batched:
        return 1
    return next(iter(outputs.values())).shape[0]


def _only_member(body: Any) -> tuple[str, Any]:
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object with {_FORMS}, {shown(body)} came", where="body")
    found = [name for name in ("rows", "columns", "inputs") if name in body]
    if len(found) != 1 or len(body) != 1:
        raise InvalidInput(f"must have exactly one member: {_FORMS}; {len(body)} came", where="body")
    return found[0], body[found[0]]


def _named_tensors(handler: Handler, content: Any) -> Tensors:
    specs = handler.signature.inputs
    if not isinstance(content, dict):
        raise InvalidInput(f"must be an object by input name, {shown(content)} came", where="inputs")
    check_names(content, tuple(spec.name for spec in specs), "inputs")
    return {spec.name: tensor_from_nested(spec, content[spec.name], f"inputs.{spec.name}") for spec in specs}


class NativeProtocol:
    """See the module's description."""

    routes = (Route("POST", "/predict", predict, "Predict rows, columns or named tensors"),)

    def refuse(self, error: OnehandlerError) -> Response:
        """Errors as RFC 9457 problem details."""
        return problem.refuse(error)

    def describe(self, _route: Route, bundle: Bundle) -> Description:
        """The three forms, as far as the signature allows them."""
        from onehandler.openapi import native  # the OpenAPI document is no prediction

        return native.description(bundle)


PROTOCOL = NativeProtocol()
