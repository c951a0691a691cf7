"""An Invoke request, from HTTP.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from local_emulator.aws.front.credentials import credential_of
from local_emulator.aws.front.functions import InvalidFunctionNameError, parse_reference
from local_emulator.aws.front.invoke.errors import (
    invalid_content,
    invalid_parameter,
    not_found,
    too_large,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.front.functions import FunctionReference
    from local_emulator.http.messages import HttpRequest, RequestHead

PREFIX, SUFFIX = "/2015-03-31/functions/", "/invocations"
_DEFAULT_REGION = "us-east-1"
_SYNC_LIMIT = 6 * 1024 * 1024
_ASYNC_LIMIT = 1024 * 1024
_LIMITS = {"RequestResponse": _SYNC_LIMIT, "Event": _ASYNC_LIMIT, "DryRun": _SYNC_LIMIT}
_MAX_CONTEXT = 3583  # characters of base64


@dataclass(frozen=True, slots=True)
class InvokeRequest:
    """One call of the Invoke API."""

    reference: FunctionReference
    kind: str  # "RequestResponse", "Event", "DryRun"
    payload: bytes  # JSON
    wants_log: bool
    client_context: str | None
    trace_id: str


def read_request(request: HttpRequest, account_of: Callable[[str], str]) -> InvokeRequest:
    """Read and check a request; `account_of` gives the account of an access key. Raises InvokeError."""
    headers = request.head.headers
    kind = headers.get("x-amz-invocation-type") or "RequestResponse"
    if kind not in _LIMITS:
        raise invalid_parameter(f"Invocation type '{kind[:50]}' is none of {', '.join(_LIMITS)}")
    return InvokeRequest(
        reference=_reference(request.head, account_of),
        kind=kind,
        payload=_payload(request, _LIMITS[kind]),
        wants_log=headers.get("x-amz-log-type") == "Tail",
        client_context=_client_context(headers.get("x-amz-client-context")),
        trace_id=headers.get("x-amzn-trace-id") or "",
    )


def _reference(head: RequestHead, account_of: Callable[[str], str]) -> FunctionReference:
    credential = credential_of(head)
    region = credential.region if credential else _DEFAULT_REGION
    account_id = account_of(credential.access_key if credential else "")
    name = unquote(head.path.removeprefix(PREFIX).removesuffix(SUFFIX))
    try:
        reference = parse_reference(name, account_id, region)
    except InvalidFunctionNameError as error:
        forms = "a name, ACCOUNT:function:NAME, or an ARN, each with an optional :QUALIFIER"
        raise invalid_parameter(f"'{name[:170]}' names no function; accepted is {forms}") from error
    if reference.region != region and credential is not None:
        raise not_found(f"Functions from '{reference.region}' are not reachable in this region ('{region}')")
    qualifier = next(iter(parse_qs(head.query).get("Qualifier", ())), None)
    if qualifier is None:
        return reference
    if reference.qualifier not in {None, qualifier}:
        raise invalid_parameter(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return replace(reference, qualifier=qualifier)


def _payload(request: HttpRequest, limit: int) -> bytes:
    if request.body.size > limit:
        raise too_large(limit)
    payload = request.body.read()
    if not payload:
        return b"{}"
    try:
        json.loads(payload, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise invalid_content(f"Could not parse request body into json: {error}") from error
    return payload


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _client_context(header: str | None) -> str | None:
    if header is None:
        return None
    try:
        text = base64.b64decode(header, validate=True).decode()
        context = json.loads(text)
    except (binascii.Error, ValueError) as error:
        raise invalid_content("Client context must be a valid Base64-encoded JSON object.") from error
    if not isinstance(context, dict) or len(header) > _MAX_CONTEXT:
        raise invalid_content(f"Client context must be a JSON object of at most {_MAX_CONTEXT} characters.")
    return text
