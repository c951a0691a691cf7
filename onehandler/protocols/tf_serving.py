"""TensorFlow Serving's REST API, as its api_rest.md documents it: predict, model status, model metadata.

    POST /v1/models/NAME[/versions/V]:predict        {"instances": rows} or {"inputs": tensors}
    GET  /v1/models/NAME[/versions/V]                status
    GET  /v1/models/NAME[/versions/V]/metadata       signature

Errors are {"error": text}. NaN and Infinity are JSON tokens here in both directions, as that document says
under "JSON conformance"; `classify` and `regress` need a SavedModel and are refused by name.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, NotFound, shown
from onehandler.protocols.content import json_body, json_response
from onehandler.protocols.routing import Route
from onehandler.rows import check_names, tensor_from_nested, tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols.routing import Parameters
    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors

SIGNATURE_NAME = "serving_default"
# The type that curl -d sends, and with it every example in TensorFlow Serving's documentation.
_CURL = "application/x-www-form-urlencoded"


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer instances with predictions, inputs with outputs."""
    body = json_body(request, handler.settings.max_body, also=(_CURL,), tokens=True)
    form = _form(body)
    signature = handler.signature
    content = body[form]
    if any(spec.dtype.family == "string" for spec in signature.inputs):
        content = _without_base64(content, form)
    if form == "instances":
        outputs = handler.predict(tensors_from_rows(signature, content, form))
        answer = {"predictions": _rows(signature, outputs)}
    else:
        outputs = handler.predict(_columns(signature, content))
        answer = {"outputs": _unnamed({spec.name: _plain(spec.name, outputs) for spec in signature.outputs})}
    rows = next(iter(outputs.values())).shape[0] if signature.batched else 1
    return json_response(answer, rows, tokens=True)


def status(handler: Handler, _request: Request, _parameters: Parameters) -> Response:
    """The one version there is, available."""
    healthy = {"error_code": "OK", "error_message": ""}
    entry = {"version": handler.bundle.version, "state": "AVAILABLE", "status": healthy}
    return json_response({"model_version_status": [entry]})


def metadata(handler: Handler, _request: Request, _parameters: Parameters) -> Response:
    """The signature, as a SavedModel's SignatureDef."""
    from onehandler.protocols import tf_metadata  # clients ask once, if ever

    return json_response(tf_metadata.describe(handler.bundle))


def refuse_verb(_handler: Handler, _request: Request, _parameters: Parameters) -> Response:
    """`classify` and `regress` take tf.Example protos, which only a SavedModel can parse."""
    raise NotFound("this server answers :predict; :classify and :regress need a TensorFlow SavedModel")


def _form(body: Any) -> str:
    """Which of the two formats a body has."""
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object, {shown(body)} came", where="body")
    if body.get("signature_name") not in (None, "", SIGNATURE_NAME):
        raise InvalidInput(f"there is one signature, '{SIGNATURE_NAME}'", where="signature_name")
    found = [name for name in ("instances", "inputs") if name in body]
    if len(found) != 1:
        raise InvalidInput("must have either 'instances' or 'inputs'", where="body")
    return found[0]


def _columns(signature: Signature, content: Any) -> Tensors:
    """Tensors in column format; the only input of a model may stand without its name."""
    specs = signature.inputs
    if not isinstance(content, dict):
        if len(specs) > 1:
            raise InvalidInput(f"must be an object by input name, {shown(content)} came", where="inputs")
        return {specs[0].name: tensor_from_nested(specs[0], content, "inputs")}
    check_names(content, tuple(spec.name for spec in specs), "inputs")
    return {spec.name: tensor_from_nested(spec, content[spec.name], f"inputs.{spec.name}") for spec in specs}


def _rows(signature: Signature, outputs: Tensors) -> list[Any]:
    """Outputs in row format: values for one output, objects for several."""
    sides = {spec.name: _plain(spec.name, outputs) for spec in signature.outputs}
    if len(sides) == 1:
        only: list[Any] = _unnamed(sides)
        return only
    return [dict(zip(sides, row, strict=True)) for row in zip(*sides.values(), strict=True)]


def _unnamed(sides: dict[str, Any]) -> Any:
    """A single output stands without its name."""
    return next(iter(sides.values())) if len(sides) == 1 else sides


def _plain(name: str, outputs: Tensors) -> Any:
    """One output as nested lists; strings under a name that ends with _bytes are base64."""
    tensor: Tensor = outputs[name]
    nested = tensor.nested()
    return _in_base64(nested) if tensor.dtype.family == "string" and name.endswith("_bytes") else nested


def _in_base64(value: Any) -> Any:
    from binascii import b2a_base64

    if isinstance(value, list):
        return [_in_base64(each) for each in value]
    return {"b64": b2a_base64(value.encode(), newline=False).decode()}


def _without_base64(value: Any, where: str) -> Any:
    """The same content with every {"b64": text} as the string that it stands for."""
    if isinstance(value, list):
        return [_without_base64(each, where) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"b64"}:
        return {name: _without_base64(each, where) for name, each in value.items()}
    from binascii import Error, a2b_base64

    try:
        return a2b_base64(value["b64"], strict_mode=True).decode()
    except (Error, ValueError, TypeError):
        raise InvalidInput("a b64 object must hold base64 of UTF-8 text", where=where) from None


class TensorFlowServing:
    """See the module's description."""

    routes = (
        Route("POST", "/v1/models/{name}:predict", predict, "Predict, in row or column format"),
        Route("GET", "/v1/models/{name}", status, "Model status"),
        Route("GET", "/v1/models/{name}/metadata", metadata, "Model metadata"),
        Route("POST", "/v1/models/{name}/versions/{version}:predict", predict, "Predict with one version"),
        Route("GET", "/v1/models/{name}/versions/{version}", status, "Status of one version"),
        Route("GET", "/v1/models/{name}/versions/{version}/metadata", metadata, "Metadata of one version"),
        Route("POST", "/v1/models/{name}:classify", refuse_verb, ""),
        Route("POST", "/v1/models/{name}:regress", refuse_verb, ""),
        Route("POST", "/v1/models/{name}/versions/{version}:classify", refuse_verb, ""),
        Route("POST", "/v1/models/{name}/versions/{version}:regress", refuse_verb, ""),
        Route(
            "POST", "/v1/models/{name}/labels/{label}:predict", predict, "Predict with the version of a label"
        ),
        Route("GET", "/v1/models/{name}/labels/{label}", status, "Status of a label's version"),
        Route("GET", "/v1/models/{name}/labels/{label}/metadata", metadata, "Metadata of a label's version"),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """{"error": text}."""
        from onehandler.protocols import error_object  # a cold start's first request is rarely wrong

        return error_object.refuse(error)

    def describe(self, route: Route, bundle: Bundle) -> Description:
        """Both formats, as far as the signature allows them."""
        from onehandler.protocols import tf_metadata  # the OpenAPI document is no prediction

        return tf_metadata.operation(route, bundle)


PROTOCOL = TensorFlowServing()
