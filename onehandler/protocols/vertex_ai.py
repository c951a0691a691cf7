"""Vertex AI's requests to a custom container: {"instances": rows, "parameters": {…}} → {"predictions": […]}.

The platform chooses the path (AIP_PREDICT_ROUTE); a server that has been told sends it here (onehandler.serving.front).
An image or a text of an instance may be {"b64": base64}. "parameters" may hold `outputs`, the names of the outputs to
be told; any other is refused. What else the platform's answers hold, as deployedModelId, it adds itself.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import LargeArray, mapped
from onehandler.protocols.content import json_bytes, json_inputs, json_response
from onehandler.protocols.predictions import asked_by, count_rows, values_of
from onehandler.protocols.routing import Route
from onehandler.protocols.tf_base64 import without_base64
from onehandler.rows import tensors_from_rows
from onehandler.signature import IMAGE

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

PATH = "/vertex-ai/predict"
_MEMBERS = ("instances", "parameters")


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer instances with predictions."""
    signature = handler.signature
    body = json_inputs(signature, json_bytes(request, handler.settings.max_body))
    if not isinstance(body, dict) or "instances" not in body or not body.keys() <= set(_MEMBERS):
        raise InvalidInput(
            f"must be an object of 'instances' and maybe 'parameters', {shown(body)} came", where="body"
        )
    specs = asked_by(signature, body.get("parameters"), "parameters")
    rows = body["instances"]
    if isinstance(rows, (list, LargeArray)) and not all(spec.dtype.bits for spec in signature.inputs):
        rows = mapped(rows, lambda number, row: _without_objects(signature, row, f"instances[{number}]"))
    outputs = handler.predict(tensors_from_rows(signature, rows, "instances"))
    held = sum(len(outputs[spec.name].data) for spec in specs)
    answer = {"predictions": values_of(signature, specs, outputs)}
    return json_response(answer, count_rows(signature, outputs), held=held)


def _without_objects(signature: Signature, row: Any, where: str) -> Any:
    """The row with every {"b64": …} in the form that its input takes."""
    media = {spec.name: spec.media for spec in signature.inputs}
    only = signature.inputs[0].media
    if isinstance(row, (list, LargeArray)):
        return mapped(row, lambda _, each: _plain(each, only, where))
    if not isinstance(row, dict):
        return row
    if row.keys() == {"b64"}:
        return _plain(row, only, where)
    return {name: _plain(value, media.get(name, only), where) for name, value in row.items()}


def _plain(value: Any, media: str, where: str) -> Any:
    if not isinstance(value, dict) or value.keys() != {"b64"}:
        return value
    if media == IMAGE:
        return value["b64"]  # such an input takes base64 itself
    return without_base64(value, where)


class VertexAi:
    """See the module's description."""

    routes = (Route("POST", PATH, predict, "Predict as a custom container of Vertex AI"),)

    def refuse(self, error: OnehandlerError) -> Response:
        """{"error": text}: Vertex AI passes on what comes."""
        from onehandler.protocols import error_object  # a cold start's first request is rarely wrong

        return error_object.refuse(error)

    def describe(self, _route: AnyRoute, bundle: Bundle) -> Description | None:
        """Rows, if the signature has any."""
        from onehandler.openapi import scoring  # the OpenAPI document is no prediction

        return scoring.vertex_ai(bundle)


PROTOCOL = VertexAi()
