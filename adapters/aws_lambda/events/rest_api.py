"""API Gateway REST API (payload format 1.0), and HTTP APIs set to send the same."""

from __future__ import annotations

from adapters.aws_lambda.events.parts import (
    RESULT_LIMIT,
    body_of,
    encoded,
    filled,
    joined,
    query_of,
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


class RestApi:
    """See the module's description."""

    always_fast = False
    limit = RESULT_LIMIT

    def request(self, event: Mapping[str, Any], base_path: str) -> Request:
        """Multi-value headers win over single ones, which only hold the last value."""
        headers = {**single(event.get("headers")), **joined(event.get("multiValueHeaders") or {})}
        return Request(
            event["httpMethod"],
            _path(event, base_path),
            headers,
            body_of(event),
            query_of(event),
            event["requestContext"].get("requestId", ""),
        )

    def result(self, _event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Payload format 1.0."""
        body, in_base64 = encoded(response)
        return {
            "statusCode": response.status,
            "headers": dict(response.headers),
            "multiValueHeaders": {},
            "body": body,
            "isBase64Encoded": in_base64,
        }

    def with_path(self, event: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The path stands in one place."""
        return {**event, "path": path}


def _path(event: Mapping[str, Any], base_path: str) -> str:
    """The path below stage and base path.

    The resource tells it: `path` itself holds the base path of a custom domain. An HTTP API's $default route
    has no resource, and the stage in front.
    """
    resource = event.get("resource", "")
    if resource.startswith("/"):
        return unquoted(filled(resource, event.get("pathParameters")))
    path = without(event["requestContext"].get("stage", "").replace("$default", ""), event.get("path") or "/")
    return unquoted(without(base_path, path))


SOURCE = RestApi()
