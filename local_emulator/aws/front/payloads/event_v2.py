"""Payload format 2.0: HTTP APIs by default, and function URLs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.front.payloads.call import event_body, forwarded_headers, query_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_emulator.aws.front.payloads.call import Call


def build(call: Call) -> dict[str, object]:
    """Build the event of a request. Keys without a value are absent, as on AWS."""
    body, is_base64 = event_body(call.request)
    event = {"version": "2.0", "routeKey": call.route_key, **request_part(call), "isBase64Encoded": is_base64}
    if body is not None:
        event["body"] = body
    return event


def request_part(call: Call) -> dict[str, object]:
    """Build what integration events and authorizer events have in common."""
    head = call.request.head
    pairs = forwarded_headers(call)
    part: dict[str, object] = {"rawPath": call.path, "rawQueryString": head.query}
    if cookies := _cookies(pairs):
        part["cookies"] = cookies
    part["headers"] = joined((name.lower(), value) for name, value in pairs if name.lower() != "cookie")
    if query := joined(query_pairs(head.query)):
        part["queryStringParameters"] = query
    part["requestContext"] = _context(call)
    if call.path_parameters:
        part["pathParameters"] = dict(call.path_parameters)
    if call.stage_variables:
        part["stageVariables"] = dict(call.stage_variables)
    return part


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Join the values of repeated names with commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _cookies(pairs: Iterable[tuple[str, str]]) -> list[str]:
    whole = [value for name, value in pairs if name.lower() == "cookie"]
    return [cookie.strip() for value in whole for cookie in value.split(";") if cookie.strip()]


def _context(call: Call) -> dict[str, object]:
    head = call.request.head
    context: dict[str, object] = {
        "accountId": call.account_id,
        "apiId": call.api_id,
        "domainName": call.domain_name,
        "domainPrefix": call.domain_name.partition(".")[0],
        "http": {
            "method": head.method,
            "path": call.path,
            "protocol": head.version,
            "sourceIp": head.peer,
            "userAgent": call.user_agent,
        },
        "requestId": call.request_id,
        "routeKey": call.route_key,
        "stage": call.stage,
        "time": call.time,
        "timeEpoch": call.time_epoch_ms,
    }
    if call.authorizer is not None:
        context["authorizer"] = dict(call.authorizer)
    return context
