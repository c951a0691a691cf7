"""TensorFlow Serving's REST API, as its api_rest.md documents it.

    POST /v1/models/NAME[/versions/V]:predict        {"instances": rows} or {"inputs": tensors}
    POST /v1/models/NAME[/versions/V]:classify       {"examples": [{feature: value}]}
    POST /v1/models/NAME[/versions/V]:regress        the same
    GET  /v1/models/NAME[/versions/V]                status
    GET  /v1/models/NAME[/versions/V]/metadata       signature

/labels/L may stand for /versions/V. Errors are {"error": text}. NaN and Infinity are JSON tokens here in both
directions, as that document says under "JSON conformance".
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, NotFound, shown
from onehandler.protocols.content import json_bytes, json_inputs, json_response
from onehandler.protocols.routing import Route, ServerRoute
from onehandler.rows import check_names, tensor_from_nested, tensors_from_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols import Served
    from onehandler.protocols.listing import Listed
    from onehandler.protocols.routing import AnyRoute, Endpoint, Parameters
    from onehandler.signature import Signature
    from onehandler.tensor import Tensor, Tensors

SIGNATURE_NAME = "serving_default"
# The type that curl -d sends, and with it every example in TensorFlow Serving's documentation.
_CURL = "application/x-www-form-urlencoded"


def predict(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer instances with predictions, inputs with outputs."""
    signature = handler.signature
    form, inputs = _inputs(handler, request)
    outputs = handler.predict(inputs)
    if form == "instances":
        answer = {"predictions": _rows(signature, outputs)}
    else:
        answer = {"outputs": _unnamed({spec.name: _plain(spec.name, outputs) for spec in signature.outputs})}
    rows = next(iter(outputs.values())).shape[0] if signature.batched else 1
    return json_response(answer, rows, tokens=True)


def classify(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer examples with labelled scores."""
    from onehandler.protocols import tf_examples  # most clients predict

    return tf_examples.classify(handler, _body(handler, request, "classify"))


def regress(handler: Handler, request: Request, _parameters: Parameters) -> Response:
    """Answer examples with a number each."""
    from onehandler.protocols import tf_examples  # most clients predict

    return tf_examples.regress(handler, _body(handler, request, "regress"))


def status(served: Served, _request: Request, parameters: Parameters) -> Response:
    """The versions of a model, or the one asked for. All are available: who asks for one gets it loaded."""
    found = [each for each in served.listed() if _meant(each, parameters)]
    if not found:
        raise NotFound(
            "there is no such model, version or label; POST /v2/repository/index lists those there are"
        )
    healthy = {"error_code": "OK", "error_message": ""}
    entries = [{"version": each.version, "state": "AVAILABLE", "status": healthy} for each in found]
    return json_response({"model_version_status": entries})


def _meant(listed: Listed, parameters: Parameters) -> bool:
    return (
        listed.name == parameters["name"]
        and parameters.get("version", listed.version) == listed.version
        and ("label" not in parameters or parameters["label"] in listed.labels)
    )


def metadata(handler: Handler, _request: Request, _parameters: Parameters) -> Response:
    """The signature, as a SavedModel's SignatureDef."""
    from onehandler.protocols import tf_metadata  # clients ask once, if ever

    return json_response(tf_metadata.describe(handler.bundle))


def _body(handler: Handler, request: Request, verb: str) -> dict[str, Any]:
    """A request's object, whose signature, if it names one, is the one there is for this verb."""
    raw = json_bytes(request, handler.settings.max_body, also=(_CURL,))
    body = json_inputs(handler.signature, raw, tokens=True)
    if not isinstance(body, dict):
        raise InvalidInput(f"must be an object, {shown(body)} came", where="body")
    # The documentation's example of regress names its signature so.
    names = (SIGNATURE_NAME, f"tensorflow/serving/{verb}")
    if body.get("signature_name") not in (None, "", *names):
        raise InvalidInput(f"must be '{names[0]}' or '{names[1]}'", where="signature_name")
    return body


def _inputs(handler: Handler, request: Request) -> tuple[str, Tensors]:
    """Which of the two formats a body has, and its tensors."""
    signature = handler.signature
    body = _body(handler, request, "predict")
    form = _form(body)
    content = body[form]
    if any(spec.dtype.family == "string" for spec in signature.inputs):
        from onehandler.protocols.tf_base64 import without_base64  # few models take strings

        content = without_base64(content, form, images=any(spec.media for spec in signature.inputs))
    if form == "instances":
        return form, tensors_from_rows(signature, content, form)
    return form, _columns(signature, content)


def _form(body: dict[str, Any]) -> str:
    """Which of the two formats a body has."""
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
    if tensor.dtype.family != "string" or not name.endswith("_bytes"):
        return nested
    from onehandler.protocols.tf_base64 import as_objects  # few models give strings

    return as_objects(nested)


_MODEL = "/v1/models/{name}"
_VERSION = f"{_MODEL}/versions/{{version}}"
_LABEL = f"{_MODEL}/labels/{{label}}"


def _to_a_version(method: str, rest: str, endpoint: Endpoint, summary: str) -> Iterator[Route]:
    """The routes of one endpoint: to the default version, to one by number, to one by label."""
    yield Route(method, _MODEL + rest, endpoint, summary)
    yield Route(method, _VERSION + rest, endpoint, f"{summary}, of one version")
    yield Route(method, _LABEL + rest, endpoint, f"{summary}, of a label's version")


class TensorFlowServing:
    """See the module's description."""

    routes: tuple[AnyRoute, ...] = (
        *_to_a_version("POST", ":predict", predict, "Predict, in row or column format"),
        *_to_a_version("POST", ":classify", classify, "Classify examples"),
        *_to_a_version("POST", ":regress", regress, "Regress examples"),
        *_to_a_version("GET", "/metadata", metadata, "Metadata"),
        ServerRoute("GET", _MODEL, status, "Status of a model's versions"),
        ServerRoute("GET", _VERSION, status, "Status of one version"),
        ServerRoute("GET", _LABEL, status, "Status of a label's version"),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """{"error": text}."""
        from onehandler.protocols import error_object  # a cold start's first request is rarely wrong

        return error_object.refuse(error)

    def describe(self, route: AnyRoute, bundle: Bundle) -> Description | None:
        """What the signature allows: both formats, or neither of classify and regress."""
        from onehandler.protocols import tf_metadata  # the OpenAPI document is no prediction

        return tf_metadata.operation(route, bundle)


PROTOCOL = TensorFlowServing()
