"""POST /invocations, the path that MLflow's scoring server and SageMaker's containers share.

A body of JSON in one of MLflow's four forms is MLflow's (mlflow.py); rows in an array and every other content type are
SageMaker's (sagemaker.py). Errors are as MLflow says them, {"error_code": …, "message": …}; SageMaker passes a
container's errors on as they are.
"""

from __future__ import annotations

from onehandler import __version__
from onehandler.codecs import json
from onehandler.errors import InvalidInput, Kind, UnsupportedType, shown
from onehandler.large_array import LargeArray
from onehandler.message import Response
from onehandler.protocols import mlflow, predictions, sagemaker
from onehandler.protocols.accept import chosen
from onehandler.protocols.content import json_bytes, json_inputs, json_response
from onehandler.protocols.routing import Route, ServerRoute
from onehandler.rows import tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request
    from onehandler.openapi import Description
    from onehandler.protocols import Served
    from onehandler.protocols.routing import AnyRoute, Parameters
    from onehandler.signature import TensorSpec
    from onehandler.tensor import Tensors

_MEGABYTE = 1024 * 1024
_TEXT = "text/plain"
_CODES = {
    Kind.NOT_FOUND: "ENDPOINT_NOT_FOUND",
    Kind.CONFLICT: "RESOURCE_ALREADY_EXISTS",
    Kind.UNAVAILABLE: "TEMPORARILY_UNAVAILABLE",
}


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer rows or tensors in any of the forms with predictions in the form that is asked for."""
    media = chosen(request.headers.get("accept", ""), sagemaker.WRITES)
    bare = False
    if request.content_type in sagemaker.READS:
        inputs, specs = sagemaker.tensors_from(handler, request), sagemaker.wanted(handler, request)
    else:
        inputs, specs, bare = _from_json(handler, request)
    outputs = handler.predict(inputs)
    return sagemaker.written(media, handler.signature, specs, outputs, bare=bare)


def _from_json(handler: Handler, request: Request) -> tuple[Tensors, Sequence[TensorSpec], bool]:
    """Inputs, outputs to be told, and whether the body was an array of rows, so that the answer is one."""
    media = request.content_type
    if media not in ("", json.CONTENT_TYPE) and not media.endswith("+json"):
        raise UnsupportedType(
            f"takes {', '.join((json.CONTENT_TYPE, *sagemaker.READS))}", where="content-type"
        )
    signature, raw = handler.signature, json_bytes(request, handler.settings.max_body)
    body = json_inputs(signature, raw, tokens=True)
    if isinstance(body, (list, LargeArray)):
        return tensors_from_rows(signature, body, "body"), sagemaker.wanted(handler, request), True
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object or an array of rows, {shown(body)} came", where="body")
    if mlflow.PARAMS in body:
        specs = predictions.asked_by(signature, body[mlflow.PARAMS], mlflow.PARAMS)
    else:
        specs = sagemaker.wanted(handler, request)
    return mlflow.tensors_from(signature, body), specs, False


def version(_served: Served, request: Request, _parameters: Parameters) -> Response:
    """Ours: MLflow's clients look whether there is one."""
    if chosen(request.headers.get("accept", ""), (_TEXT, json.CONTENT_TYPE)) == json.CONTENT_TYPE:
        return json_response(__version__)
    return Response(200, {"content-type": _TEXT}, __version__.encode())


def execution_parameters(served: Served, _request: Request, _parameters: Parameters) -> Response:
    """What SageMaker's batch transform asks before it begins."""
    told = {
        "MaxConcurrentTransforms": 1,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": served.settings.max_body // _MEGABYTE,
    }
    return json_response(told)


class Invocations:
    """See the module's description."""

    routes: tuple[AnyRoute, ...] = (
        Route("POST", "/invocations", predict, "Predict as MLflow or SageMaker", sagemaker.WRITES),
        ServerRoute("GET", "/version", version, "Version of this server", (_TEXT, json.CONTENT_TYPE)),
        ServerRoute("GET", "/execution-parameters", execution_parameters, "What a batch transform may send"),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """{"error_code": …, "message": …}."""
        from onehandler.protocols.error_object import told  # a cold start's first request is rarely wrong

        status, text = told(error)
        code = _CODES.get(error.kind, "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR")
        body = json.dumps({"error_code": code, "message": text})
        return Response(status, {"content-type": json.CONTENT_TYPE, **error.details}, body)

    def describe(self, route: AnyRoute, bundle: Bundle) -> Description | None:
        """Every form, as far as the signature allows it."""
        from onehandler.openapi import invocations  # the OpenAPI document is no prediction

        return invocations.description(route, bundle)


PROTOCOL = Invocations()
