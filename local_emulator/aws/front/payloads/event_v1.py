"""Payload format 1.0, as HTTP APIs build it: the shape of REST APIs' proxy events.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.front.payloads.call import event_body, forwarded_headers, query_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_emulator.aws.front.payloads.call import Call

_NO_IDENTITY: dict[str, object] = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)


def build(call: Call) -> dict[str, object]:
    """Build the event of a request. Keys without a value are null, as on AWS."""
    body, is_base64 = event_body(call.request)
    return {"version": "1.0", **request_part(call), "body": body, "isBase64Encoded": is_base64}


def request_part(call: Call) -> dict[str, object]:
    """Build what integration events and authorizer events have in common."""
    headers = _grouped(forwarded_headers(call))
    query = _grouped(query_pairs(call.request.head.query))
    return {
        "resource": resource_of(call.route_key),
        "path": call.path,
        "httpMethod": call.request.head.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[0] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": _context(call),
        "pathParameters": dict(call.path_parameters) or None,
        "stageVariables": dict(call.stage_variables) or None,
    }


def resource_of(route_key: str) -> str:
    """Give the path of a route key: "/items/{id}", or "$default" where there is none."""
    return route_key.partition(" ")[2] or route_key


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Collect the values of repeated names, compared without regard to case, under the first spelling."""
    spellings: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(spellings.setdefault(name.lower(), name), []).append(value)
    return values


def _context(call: Call) -> dict[str, object]:
    head = call.request.head
    return {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "authorizer": dict(call.authorizer)
        if call.authorizer is not None
        else {"claims": None, "scopes": None},
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "extendedRequestId": call.request_id,
        "httpMethod": head.method,
        "identity": {**_NO_IDENTITY, "sourceIp": head.peer, "userAgent": call.user_agent},
        "path": call.path,
        "protocol": head.version,
        "requestId": call.request_id,
        "requestTime": call.time,
        "requestTimeEpoch": call.time_epoch_ms,
        "resourceId": None,
        "resourcePath": resource_of(call.route_key),
        "stage": call.stage,
    }
