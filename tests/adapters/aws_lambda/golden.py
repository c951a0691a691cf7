"""Golden events, and requests as events of any kind."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onehandler.message import Request

FOLDER = Path(__file__).parents[2] / "events" / "aws_lambda"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))
WEB_NAMES = tuple(name for name in NAMES if not name.startswith(("direct", "sqs")))
KINDS = ("http_api", "function_url", "rest_api", "alb", "alb_multi_value")


class Context:
    """What awslambdaric passes beside the event, as far as we read it."""

    function_name = "predict"
    memory_limit_in_mb = "1769"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:predict"
    aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"


def golden(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text())


def event_for(kind: str, request: Request) -> dict[str, Any]:
    """The request as the event that this kind of source would send, its body in base64."""
    event: dict[str, Any] = golden(kind)
    event["body"] = b64encode(request.body).decode()
    event["isBase64Encoded"] = True
    if "rawPath" in event:
        event["rawPath"] = request.path
        event["requestContext"]["http"] |= {"method": request.method, "path": request.path}
    else:
        event["httpMethod"] = request.method
        event["path"] = request.path
    if "resource" in event:
        event["pathParameters"] = {"proxy": request.path[1:]}
    if "headers" in event:
        event["headers"] = dict(request.headers)
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] = {name: [value] for name, value in request.headers.items()}
    return event


def body_of(result: dict[str, Any]) -> bytes:
    """The body as a client gets it: text as it is, anything else from base64."""
    body: str = result["body"]
    media = headers_of(result).get("content-type", "text/")
    assert result["isBase64Encoded"] != (media.startswith("text/") or "json" in media)
    return b64decode(body) if result["isBase64Encoded"] else body.encode()


def headers_of(result: dict[str, Any]) -> dict[str, str]:
    """Headers by lower-case name, whichever form the result has them in."""
    many = result.get("multiValueHeaders") or {}
    headers = {name: ", ".join(values) for name, values in many.items()} | (result.get("headers") or {})
    return {name.lower(): value for name, value in headers.items()}
