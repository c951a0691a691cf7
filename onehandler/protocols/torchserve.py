"""TorchServe's inference API, and its descriptions of models.

    POST /predictions[/NAME[/VERSION]]     one item: its columns as an object, an image, a text; or rows in an array
    GET  /models                           every model
    GET  /models/NAME[/VERSION]            its versions

What TorchServe answers is up to a model's Python handler. Here a classifier tells the probability of each of its
classes, as TorchServe's own image and text classifiers do, and any other model its outputs. {"instances": rows} is
answered with {"predictions": …}, as with TorchServe's KServe envelope. An item may come as the file itself (curl -T),
as a form's field `data` or `body` (curl -F data=@file), or as JSON.
"""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.codecs.compression import decoded
from onehandler.errors import InvalidInput, Kind, UnsupportedType, shown
from onehandler.large_array import LargeArray, holds_large
from onehandler.message import Response
from onehandler.protocols.content import IMAGES, TEXT, json_inputs, json_response, parameter
from onehandler.protocols.one_row import image_type, takes, tensors_of_media
from onehandler.protocols.predictions import count_rows, is_single
from onehandler.protocols.routing import Route, ServerRoute
from onehandler.rows import tensors_from_rows
from onehandler.signature import IMAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request
    from onehandler.openapi import Description
    from onehandler.protocols import Served
    from onehandler.protocols.routing import AnyRoute, Parameters
    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

_FORM, _CURL = "multipart/form-data", "application/x-www-form-urlencoded"
_FIELDS = ("data", "body")
_UNSAID = ("", "application/octet-stream", _CURL)  # types of a file that curl doesn't know
_TYPES = {
    Kind.NOT_FOUND: "ModelNotFoundException",
    Kind.METHOD_NOT_ALLOWED: "MethodNotAllowedException",
    Kind.UNAVAILABLE: "ServiceUnavailableException",
    Kind.OUT_OF_MEMORY: "ServiceUnavailableException",
}


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer one item, or rows."""
    limit = handler.settings.max_body
    body = decoded(request.body, request.headers.get("content-encoding", ""), limit)
    form, inputs = _read(handler.signature, request.headers.get("content-type", ""), body)
    signature = handler.signature
    outputs = handler.predict(inputs)
    answers: Any = _answers(signature, outputs)
    if form == "item":
        answers = answers[0]
    elif form == "instances":
        answers = {"predictions": answers}
    held = sum(len(tensor.data) for tensor in outputs.values())
    return json_response(answers, count_rows(signature, outputs), held=held)


def _read(
    signature: Signature, content_type: str, body: bytes, *, within: bool = False
) -> tuple[str, Tensors]:
    """How the rows came ("item", "rows" or "instances"), and the inputs."""
    media = content_type.partition(";")[0].strip().lower()
    if media in (*IMAGES, TEXT):
        return "item", tensors_of_media(signature, content_type, body)
    if media == _FORM and not within:
        return _from_form(signature, content_type, body)
    if media in _UNSAID:
        if takes(signature, IMAGE) and image_type(body):
            return "item", tensors_of_media(signature, image_type(body), body)
        if takes(signature, ""):
            return "item", tensors_of_media(signature, TEXT, body)
    elif media != json.CONTENT_TYPE and not media.endswith("+json"):
        raise UnsupportedType(
            f"takes {json.CONTENT_TYPE}, {', '.join(IMAGES)}, {TEXT} and {_FORM}", where="content-type"
        )
    return _from_json(signature, json_inputs(signature, body))


def _from_form(signature: Signature, content_type: str, body: bytes) -> tuple[str, Tensors]:
    from onehandler.codecs import multipart  # curl -F alone sends it

    parts = multipart.loads(body, parameter(content_type, "boundary"))
    if len(parts) != 1 or parts[0].name not in _FIELDS:
        raise InvalidInput(
            f"must have one field, '{_FIELDS[0]}' or '{_FIELDS[1]}'; {len(parts)} came", where="form"
        )
    return _read(signature, parts[0].content_type, parts[0].content, within=True)


def _from_json(signature: Signature, body: Any) -> tuple[str, Tensors]:
    if isinstance(body, (list, LargeArray)):
        return "rows", tensors_from_rows(signature, body, "body")
    if isinstance(body, dict):
        if body.keys() == {"instances"}:
            return "instances", tensors_from_rows(signature, body["instances"], "instances")
        rows = LargeArray(lambda: [[body]]) if holds_large(body) else [body]
        return "item", tensors_from_rows(signature, rows, "body")
    if isinstance(body, str) and len(signature.inputs) == 1:
        return "item", tensors_from_rows(signature, [body], "body")
    raise InvalidInput(f"must be an object or an array of rows, {shown(body)} came", where="body")


def _answers(signature: Signature, outputs: Tensors) -> list[Any]:
    """A prediction a row."""
    specs = [spec for spec in signature.outputs if spec.columns][:1] or signature.outputs
    sides = {}
    for spec in specs:
        tensor = outputs[spec.name]
        rows = tensor.values() if is_single(spec) else tensor.nested()
        sides[spec.name] = (
            [dict(zip(spec.columns, row, strict=True)) for row in rows] if spec.columns else rows
        )
    if len(sides) == 1:
        return next(iter(sides.values()))
    return [dict(zip(sides, row, strict=True)) for row in zip(*sides.values(), strict=True)]


def models(served: Served, _request: Request, _parameters: Parameters) -> Response:
    """Every model, by its default version."""
    names = dict.fromkeys(each.name for each in served.listed())
    return json_response({"models": [{"modelName": name, "modelUrl": name} for name in names]})


def model(served: Served, request: Request, parameters: Parameters) -> Response:
    """One version of a model, all of them under `all`, the default one without."""
    version = parameters.get("version", "")
    if version == "all":
        name = served.choose(request, {"name": parameters["name"]}).bundle.name
        found = [each for each in served.listed() if each.name == name]
        return json_response([_described(each.name, each.version, each.loaded) for each in found])
    bundle = served.choose(request, parameters).bundle
    return json_response([_described(bundle.name, bundle.version, True)])


def _described(name: str, version: str, loaded: bool) -> dict[str, Any]:
    """What of TorchServe's description is true here: a process answers one request at a time, and has no workers."""
    return {
        "modelName": name,
        "modelVersion": version,
        "modelUrl": name,
        "runtime": "onehandler",
        "batchSize": 1,
        "maxBatchDelay": 0,
        "loadedAtStartup": loaded,
    }


class TorchServe:
    """See the module's description."""

    routes: tuple[AnyRoute, ...] = (
        # curl -T, with which its documentation sends files, is a PUT.
        *(
            Route(method, f"/predictions{rest}", predict, f"Predict as TorchServe{which}")
            for method in ("POST", "PUT")
            for rest, which in (
                ("", ", with the default model"),
                ("/{name}", ""),
                ("/{name}/{version}", ", with one version"),
            )
        ),
        ServerRoute("GET", "/models", models, "Every model"),
        ServerRoute("GET", "/models/{name}", model, "Description of a model"),
        ServerRoute("GET", "/models/{name}/{version}", model, "Description of one version of a model"),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """{"code": status, "type": exception, "message": text}."""
        from onehandler.protocols.error_object import told  # a cold start's first request is rarely wrong

        status, text = told(error)
        usual = "BadRequestException" if status < 500 else "InternalServerException"
        body = json.dumps({"code": status, "type": _TYPES.get(error.kind, usual), "message": text})
        return Response(status, {"content-type": json.CONTENT_TYPE, **error.details}, body)

    def describe(self, route: AnyRoute, bundle: Bundle) -> Description | None:
        """Bodies of one route."""
        from onehandler.openapi import torchserve  # the OpenAPI document is no prediction

        return torchserve.description(route, bundle)


PROTOCOL = TorchServe()
