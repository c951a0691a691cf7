"""The OpenAPI 3.1 document of one bundle, generated from its signature and its samples."""

from __future__ import annotations

from json import loads
from typing import TYPE_CHECKING, Any

from onehandler.protocols import all_protocols

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onehandler.bundle import Bundle
    from onehandler.protocols import Protocol
    from onehandler.protocols.routing import AnyRoute

JSON = "application/json"
NUMBER = "#/components/schemas/Number"


class Description:
    """One route's bodies: JSON schemas, and request examples by name. `request` is None for GET.

    `binary` are further content types of the request, whose bodies are bytes, and `answers` of the response.
    """

    __slots__ = ("answers", "binary", "examples", "request", "response")

    def __init__(
        self,
        response: Mapping[str, Any],
        request: Mapping[str, Any] | None = None,
        examples: Mapping[str, Any] | None = None,
        binary: Sequence[str] = (),
        answers: Sequence[str] = (),
    ) -> None:
        self.response = response
        self.request = request
        self.examples = examples or {}
        self.binary = binary
        self.answers = answers


def document(bundle: Bundle, others: Sequence[Bundle] = ()) -> dict[str, Any]:
    """The whole document: every route of every protocol that answers.

    `bundle` answers paths that name no model; each of `others` stands under the paths that name it.
    """
    paths: dict[str, dict[str, Any]] = {}
    for protocol in all_protocols():
        for route in protocol.routes:
            # A bundle by itself has no labels, and a label's version is described under its number.
            if route.summary and "{label}" not in route.template:
                for path, described in _paths(route, bundle, others):
                    operation = _operation(protocol, route, described, path)
                    if operation is not None:
                        paths.setdefault(path, {}).setdefault(route.method.lower(), operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": bundle.name, "version": bundle.version, "description": _about(bundle)},
        # Relative to this document's own address, whatever stage or base path stands before it.
        "servers": [{"url": "."}],
        "paths": paths,
        "components": {"schemas": _SCHEMAS},
    }


def _paths(route: AnyRoute, bundle: Bundle, others: Sequence[Bundle]) -> Iterator[tuple[str, Bundle]]:
    """A route's path and the bundle that answers it: one for each model that the template can name."""
    if not others or "{name}" not in route.template:
        yield route.template, bundle
        return
    for each in (bundle, *others):
        yield route.template.replace("{name}", each.name).replace("{version}", each.version), each


def model_schema(bundle: Bundle, **members: Any) -> dict[str, Any]:
    """An answer of ours: the given members, and which model gave it."""
    model = closed_object({"name": {"const": bundle.name}, "version": {"const": bundle.version}})
    return closed_object({**members, "model": model})


def closed_object(members: Mapping[str, Any]) -> dict[str, Any]:
    """Schema of an object with exactly these members."""
    return {
        "type": "object",
        "properties": dict(members),
        "required": list(members),
        "additionalProperties": False,
    }


def _operation(protocol: Protocol, route: AnyRoute, bundle: Bundle, path: str) -> dict[str, Any] | None:
    described = protocol.describe(route, bundle)
    if described is None:
        return None
    answers: dict[str, Any] = {
        JSON: {"schema": described.response},
        **{media: {} for media in described.answers},
    }
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": _operation_id(route.method, path),
        "responses": {
            "200": {"description": "The answer", "content": answers},
            "4XX": {"description": "What is wrong, and where", "content": _error_content(protocol)},
        },
    }
    if parameters := _parameters(path, bundle):
        operation["parameters"] = parameters
    if described.request is not None:
        content: dict[str, Any] = {"schema": described.request}
        if described.examples:
            content["examples"] = {name: {"value": value} for name, value in described.examples.items()}
        others: dict[str, Any] = {media: {} for media in described.binary}  # no schema: bytes
        operation["requestBody"] = {"required": True, "content": {JSON: content, **others}}
    return operation


def _error_content(protocol: Protocol) -> dict[str, Any]:
    """Errors in the form of the protocol: its own answer to one tells which."""
    from onehandler.errors import InvalidInput

    refused = protocol.refuse(InvalidInput(""))
    members = loads(refused.body).keys()
    name = next(name for name, schema in _ERRORS.items() if members == set(schema["required"]))
    return {refused.headers["content-type"]: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _operation_id(method: str, path: str) -> str:
    words = path.replace("{", "").replace("}", "").replace(":", "/").strip("/")
    return "_".join([method.lower(), *words.split("/")])


def _parameters(path: str, bundle: Bundle) -> list[dict[str, Any]]:
    known = {"name": bundle.name, "version": bundle.version}
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": [value]}}
        for name, value in known.items()
        if f"{{{name}}}" in path
    ]


def _about(bundle: Bundle) -> str:
    signature = bundle.signature
    lines = ["What the model takes and gives:", ""]
    for word, specs in (("takes", signature.inputs), ("gives", signature.outputs)):
        lines += [f"- {word} `{spec.name}`: {spec.dtype.name}{spec.shape_text}" for spec in specs]
    return "\n".join(lines)


_TEXT = {"type": "string"}
_ERRORS: dict[str, dict[str, Any]] = {
    "Problem": {
        "description": "RFC 9457 problem details; `where` points at the place in the input",
        "type": "object",
        "properties": {
            "type": _TEXT,
            "title": _TEXT,
            "status": {"type": "integer"},
            "detail": _TEXT,
            "where": _TEXT,
        },
        "required": ["type", "title", "status", "detail"],
    },
    "Error": {"type": "object", "properties": {"error": _TEXT}, "required": ["error"]},
    "CodedError": {
        "type": "object",
        "properties": {"error_code": _TEXT, "message": _TEXT},
        "required": ["error_code", "message"],
    },
    "TypedError": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "type": _TEXT, "message": _TEXT},
        "required": ["code", "type", "message"],
    },
}
_SCHEMAS = {
    "Number": {
        "description": "A number; NaN and infinities, which JSON has not, as strings",
        "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}],
    },
    **_ERRORS,
}
