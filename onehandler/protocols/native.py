"""Our own protocol: POST /predict with rows, columns or named tensors.

{"rows": [[5.1, 3.5, 1.4, 0.2]]}                 or rows as objects by feature name
{"columns": {"sepal length": [5.1], …}}
    → {"predictions": [{"label": 0, "probabilities": {"setosa": 0.97, …}}], "model": {"name": …, …}}
{"inputs": {"X": [[5.1, 3.5, 1.4, 0.2]]}}
    → {"outputs": {"label": [0], "probabilities": [[0.97, …]]}, "model": {…}}

An input may be {"base64": "…"} of its little-endian bytes; a model with one input also takes them as the whole
body, as application/octet-stream or application/x-npy. Rows may come as text/csv, one image or text as the body itself.
"""

from __future__ import annotations

from onehandler.codecs.json import CONTENT_TYPE
from onehandler.errors import InvalidInput, shown
from onehandler.protocols.content import NOT_JSON, json_bytes, json_inputs, json_response
from onehandler.protocols.routing import Route
from onehandler.results import named_rows
from onehandler.rows import check_names, tensor_from_nested, tensors_from_columns, tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols.routing import Parameters
    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensor, Tensors

_FORMS = '"rows", "columns" or "inputs"'


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer rows or columns with predictions, named tensors with named tensors."""
    bundle = handler.bundle
    answer: dict[str, Any] = {}
    if request.headers.get("content-type") != CONTENT_TYPE and request.content_type in NOT_JSON:
        from onehandler.protocols import bodies  # most bodies are JSON

        form, inputs = bodies.tensors_from(handler.signature, request, handler.settings.max_body)
    else:
        form, inputs = _from_json(handler.signature, json_bytes(request, handler.settings.max_body))
    outputs = handler.predict(inputs)
    if form == "inputs":
        answer["outputs"] = {name: tensor.nested() for name, tensor in outputs.items()}
    else:
        answer["predictions"] = named_rows(handler.signature, outputs)
    answer["model"] = {"name": bundle.name, "version": bundle.version}
    held = sum([len(tensor.data) for tensor in outputs.values()])
    return json_response(answer, count_rows(handler, outputs), held=held)


def count_rows(handler: Handler, outputs: Tensors) -> int:
    """How many rows an answer predicts; a model without a row dimension answers one thing at a time."""
    if not handler.signature.batched:
        return 1
    return next(iter(outputs.values())).shape[0]


def _from_json(signature: Signature, body: bytes) -> tuple[str, Tensors]:
    form, content = _only_member(json_inputs(signature, body))
    return form, _READERS[form](signature, content)


def _only_member(body: Any) -> tuple[str, Any]:
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object with {_FORMS}, {shown(body)} came", where="body")
    found = list(body)
    if len(found) != 1 or found[0] not in _READERS:
        raise InvalidInput(f"must have exactly one member: {_FORMS}; {len(body)} came", where="body")
    return found[0], body[found[0]]


def _named_tensors(signature: Signature, content: Any) -> Tensors:
    specs = signature.inputs
    if not isinstance(content, dict):
        raise InvalidInput(f"must be an object by input name, {shown(content)} came", where="inputs")
    check_names(content, tuple(spec.name for spec in specs), "inputs")
    return {spec.name: _named_tensor(spec, content[spec.name], f"inputs.{spec.name}") for spec in specs}


def _named_tensor(spec: TensorSpec, value: Any, where: str) -> Tensor:
    if type(value) is dict and "base64" in value:
        from onehandler.protocols.binary import tensor_from_base64  # most tensors are nested arrays

        return tensor_from_base64(spec, value, where)
    return tensor_from_nested(spec, value, where)


_READERS: dict[str, Callable[[Signature, Any], Tensors]] = {
    "rows": tensors_from_rows,
    "columns": tensors_from_columns,
    "inputs": _named_tensors,
}


class NativeProtocol:
    """See the module's description."""

    routes = (
        Route("POST", "/predict", predict, "Predict rows, columns or named tensors"),
        Route("POST", "/predict/{name}", predict, "Predict with one of several models"),
        Route("POST", "/predict/{name}/{version}", predict, "Predict with one version"),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """Errors as RFC 9457 problem details."""
        from onehandler.protocols import problem  # a cold start's first request is rarely wrong

        return problem.refuse(error)

    def describe(self, _route: Route, bundle: Bundle) -> Description:
        """The three forms, as far as the signature allows them."""
        from onehandler.openapi import native  # the OpenAPI document is no prediction

        return native.description(bundle)


PROTOCOL = NativeProtocol()
