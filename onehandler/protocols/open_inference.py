"""The Open Inference Protocol (KServe's V2) over HTTP, with Triton's extensions for binary data and classification.

    GET  /v2, /v2/health/live, /v2/health/ready      the server
    GET  /v2/models/NAME[/versions/V][/ready]        a model's tensors; whether it answers
    POST /v2/models/NAME[/versions/V]/infer          {"inputs": [{"name", "shape", "datatype", "data"}]}
    POST /v2/repository/index                        every version of every model

Errors are {"error": text}. NaN and Infinity are JSON tokens in both directions, as Triton reads and writes them.
Parameters that nothing here knows are ignored, as Triton does; its other extensions are refused by name.
"""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.errors import InvalidInput, NotFound, shown
from onehandler.protocols.content import json_body, json_bytes, json_inputs, json_response
from onehandler.protocols.open_inference_inputs import tensors_from
from onehandler.protocols.open_inference_outputs import all_outputs, inference_response, wanted_outputs
from onehandler.protocols.open_inference_types import LENGTH_HEADER
from onehandler.protocols.routing import Route, ServerRoute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols import Served
    from onehandler.protocols.open_inference_outputs import Wanted
    from onehandler.protocols.routing import AnyRoute, Parameters
    from onehandler.tensor import Tensors

_WRITTEN = (json.CONTENT_TYPE, "application/octet-stream")  # the request's parameters say which
# Triton reads JSON whatever the type says; this is what curl -d and clients of the binary extension send.
_ALSO_JSON = ("application/x-www-form-urlencoded", "application/octet-stream")


def infer(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer tensors with tensors."""
    identity, inputs, wanted = _read(handler, request)
    outputs = handler.predict(inputs)
    bundle = handler.bundle
    head: dict[str, Any] = {"model_name": bundle.name, "model_version": bundle.version}
    if identity:
        head["id"] = identity
    return inference_response(head, handler.signature, wanted, outputs)


def _read(handler: Handler, request: Request) -> tuple[str, Tensors, Sequence[Wanted]]:
    """A request's id, its tensors and what it asks for."""
    signature, limit = handler.signature, handler.settings.max_body
    tail = None
    if LENGTH_HEADER in request.headers:
        from onehandler.protocols import open_inference_binary as binary  # most requests are JSON alone

        if binary.is_raw(request):
            return "", binary.raw_tensors(signature, request, limit), all_outputs(signature, binary=True)
        head, tail = binary.split(request, limit)
    else:
        head = json_bytes(request, limit, also=_ALSO_JSON)
    body = json_inputs(signature, head, tokens=True)
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object, {shown(body)} came", where="body")
    wanted = wanted_outputs(signature, body)  # before the tensors: it costs less to refuse
    return _identity(body), tensors_from(signature, body.get("inputs"), tail), wanted


def _identity(body: dict[str, Any]) -> str:
    found = body.get("id", "")
    if not isinstance(found, str):
        raise InvalidInput(f"must be a string, {shown(found)} came", where="id")
    return found


def server(_served: Served, _request: Request, _parameters: Parameters) -> Response:
    """Name, version and extensions."""
    from onehandler.protocols.open_inference_metadata import describe_server  # clients ask once, if ever

    return json_response(describe_server())


def live(_served: Served, _request: Request, _parameters: Parameters) -> Response:
    """A process that answers lives."""
    return json_response({"live": True})


def ready(_served: Served, _request: Request, _parameters: Parameters) -> Response:
    """A process that answers has loaded and verified what it serves from the start."""
    return json_response({"ready": True})


def model(served: Served, request: Request, parameters: Parameters) -> Response:
    """A model's versions and tensors."""
    from onehandler.protocols.open_inference_metadata import describe_model

    return json_response(describe_model(served.choose(request, parameters).bundle, served.listed()))


def model_ready(handler: Handler, _request: Request, _parameters: Parameters) -> Response:
    """The model has been found, and loaded if it had not been."""
    return json_response({"name": handler.bundle.name, "ready": True})


def index(served: Served, request: Request, _parameters: Parameters) -> Response:
    """Every version of every model. All are ready: those not in memory are loaded when they are asked for."""
    from onehandler.protocols.open_inference_metadata import describe_index

    if request.body:
        body = json_body(request, served.settings.max_body, also=_ALSO_JSON)
        if not isinstance(body, dict) or not isinstance(body.get("ready", False), bool):
            raise InvalidInput("must be an object with true or false as 'ready', or nothing", where="body")
    return json_response(describe_index(served.listed()))


def refuse_extension(_served: Served, _request: Request, _parameters: Parameters) -> Response:
    """The rest of Triton's extensions: they manage one server's memory and models, which come and go here."""
    raise NotFound(
        "of Triton's extensions this server has binary_tensor_data and classification, and the repository's index; "
        "not generate, model_configuration, statistics, loading and unloading, shared memory, logging, trace"
    )


_MODEL = "/v2/models/{name}"
_VERSION = "/v2/models/{name}/versions/{version}"
_REFUSED = (
    *(("GET", f"{path}/{rest}") for path in (_MODEL, _VERSION) for rest in ("config", "stats")),
    *(
        ("POST", f"{path}/{rest}")
        for path in (_MODEL, _VERSION)
        for rest in ("generate", "generate_stream", "trace/setting")
    ),
    ("POST", "/v2/repository/models/{name}/load"),
    ("POST", "/v2/repository/models/{name}/unload"),
    ("GET", "/v2/systemsharedmemory/status"),
    ("GET", "/v2/cudasharedmemory/status"),
    ("GET", "/v2/logging"),
    ("GET", "/v2/trace/setting"),
)


class OpenInference:
    """See the module's description."""

    routes: tuple[AnyRoute, ...] = (
        Route("POST", f"{_MODEL}/infer", infer, "Infer, tensors in, tensors out", _WRITTEN),
        Route("POST", f"{_VERSION}/infer", infer, "Infer with one version", _WRITTEN),
        ServerRoute("GET", "/v2", server, "Server metadata"),
        ServerRoute("GET", "/v2/health/live", live, "Liveness"),
        ServerRoute("GET", "/v2/health/ready", ready, "Readiness of the server"),
        ServerRoute("GET", _MODEL, model, "Metadata of a model"),
        ServerRoute("GET", _VERSION, model, "Metadata of one version of a model"),
        Route("GET", f"{_MODEL}/ready", model_ready, "Readiness of a model"),
        Route("GET", f"{_VERSION}/ready", model_ready, "Readiness of one version of a model"),
        ServerRoute("POST", "/v2/repository/index", index, "Every version of every model"),
        *(ServerRoute(method, path, refuse_extension, "") for method, path in _REFUSED),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """{"error": text}."""
        from onehandler.protocols import error_object  # a cold start's first request is rarely wrong

        return error_object.refuse(error)

    def describe(self, route: AnyRoute, bundle: Bundle) -> Description | None:
        """Bodies of one route."""
        from onehandler.openapi import open_inference  # the OpenAPI document is no prediction

        return open_inference.description(route, bundle)


PROTOCOL = OpenInference()
