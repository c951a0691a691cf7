"""API Gateway HTTP API, payload format 2.0; function URLs send the same shape."""

from __future__ import annotations

from adapters.aws_lambda.events.parts import (
    RESULT_LIMIT,
    body_of,
    encoded,
    filled,
    single,
    unquoted,
    without,
)
from onehandler.message import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from onehandler.message import Response


class HttpApi:
    """See the module's description."""

    always_fast = False
    limit = RESULT_LIMIT

    def request(self, event: Mapping[str, Any], base_path: str) -> Request:
        """Cookies come beside the headers and join them."""
        context = event["requestContext"]
        headers = single(event.get("headers"))
        if event.get("cookies"):
            headers = {**headers, "cookie": "; ".join(event["cookies"])}
        return Request(
            context["http"]["method"],
            _path(event, base_path),
            headers,
            body_of(event),
            event.get("rawQueryString", ""),
            context.get("requestId", ""),
        )

    def result(self, _event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Payload format 2.0."""
        body, in_base64 = encoded(response)
        return {
            "statusCode": response.status,
            "headers": dict(response.headers),
            "body": body,
            "isBase64Encoded": in_base64,
        }

    def with_path(self, event: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The path stands in two places."""
        context = event["requestContext"]
        return {
            **event,
            "rawPath": path,
            "requestContext": {**context, "http": {**context["http"], "path": path}},
        }


def _path(event: Mapping[str, Any], base_path: str) -> str:
    """The path below stage and base path.

    A route with a template tells it. With the $default route, requests to the API's own name carry the stage
    in front; requests to a custom domain carry the base path of its mapping, which no event tells and the
    settings do.
    """
    context = event["requestContext"]
    path = event.get("rawPath") or "/"
    if "{" in event.get("routeKey", ""):
        path = filled(event["routeKey"].partition(" ")[2], event.get("pathParameters"))
    elif ".execute-api." in context.get("domainName", ".execute-api."):
        path = without(context.get("stage", "").replace("$default", ""), path)
    return unquoted(without(base_path, path))


SOURCE = HttpApi()
