"""Application Load Balancer, with multi-value headers switched on for its target group or not."""

from __future__ import annotations

from adapters.aws_lambda.events.parts import body_of, encoded, joined, single, unquoted, without
from onehandler.message import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from onehandler.message import Response


class LoadBalancer:
    """See the module's description."""

    always_fast = False
    limit = 1024 * 1024  # a load balancer carries 1 MB, where Lambda itself would give 6

    def request(self, event: Mapping[str, Any], base_path: str) -> Request:
        """The trace id is the only id that a load balancer gives."""
        many = event.get("multiValueHeaders")
        headers = joined(many) if many else single(event.get("headers"))
        return Request(
            event["httpMethod"],
            unquoted(without(base_path, event.get("path") or "/")),
            headers,
            body_of(event),
            _query(event),
            headers.get("x-amzn-trace-id", ""),
        )

    def result(self, event: Mapping[str, Any], response: Response) -> dict[str, Any]:
        """Headers go back in the form they came in: the load balancer reads no other."""
        body, in_base64 = encoded(response)
        result: dict[str, Any] = {
            "statusCode": response.status,
            "body": body,
            "isBase64Encoded": in_base64,
        }
        if "multiValueHeaders" in event:
            result["multiValueHeaders"] = {name: [value] for name, value in response.headers.items()}
        else:
            result["headers"] = dict(response.headers)
        return result

    def with_path(self, event: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The path stands in one place."""
        return {**event, "path": path}


def _query(event: Mapping[str, Any]) -> str:
    """The query string; a load balancer passes names and values as they came, percent-encoded."""
    many = event.get("multiValueQueryStringParameters")
    if many:
        return "&".join(f"{name}={value}" for name, values in many.items() for value in values)
    return "&".join(f"{name}={value}" for name, value in (event.get("queryStringParameters") or {}).items())


SOURCE = LoadBalancer()
