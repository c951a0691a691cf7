"""Lambda authorizers of HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front.functions import (
    FunctionTimeoutError,
    InvalidFunctionNameError,
    parse_integration_uri,
)
from local_emulator.aws.front.gateway.policies import MalformedPolicyError, allows
from local_emulator.aws.front.payloads import event_v1, event_v2
from local_emulator.aws.front.payloads.call import query_pairs
from local_emulator.aws.front.ports import FunctionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.aws.front.functions import FunctionCaller
    from local_emulator.aws.front.payloads.call import Call
    from local_emulator.aws.front.ports import ApiDefinition, AuthorizerDefinition

_log = logging.getLogger(__name__)
_PATIENCE_S = 10.0  # API Gateway's own limit for authorizers


class AuthorizerFailedError(Exception):
    """The authorizer gave no usable answer: API Gateway says 500 Internal Server Error."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of asking: the status to refuse with (None: go on), and what the function passes along."""

    refusal: int | None
    context: Mapping[str, object]
    principal_id: str | None = None


class LambdaAuthorizers:
    """Asks authorizer functions, and remembers answers as long as they say. `clock`: monotonic seconds."""

    def __init__(self, caller: FunctionCaller, clock: Callable[[], float]) -> None:
        self._caller = caller
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: dict[tuple[str, ...], tuple[float, Mapping[str, object]]] = {}

    def decide(self, api: ApiDefinition, authorizer: AuthorizerDefinition, call: Call) -> Decision:
        """Decide on one request. Raises AuthorizerFailedError."""
        identity = [_identity(source, call) for source in authorizer.identity_sources]
        sources = [value for value in identity if value]
        if len(sources) < len(identity):
            return Decision(401, {})
        answer = self._answer(api, authorizer, call, sources)
        return _read(authorizer, answer, _route_arn(api, call))

    def _answer(
        self, api: ApiDefinition, authorizer: AuthorizerDefinition, call: Call, sources: list[str]
    ) -> Mapping[str, object]:
        key = (api.api_id, authorizer.authorizer_id, call.stage, *sources)
        kept = authorizer.result_ttl_s > 0 and bool(sources)
        now = self._clock()
        with self._lock:
            self._remembered = {each: entry for each, entry in self._remembered.items() if entry[0] > now}
            remembered = self._remembered.get(key)
        if kept and remembered is not None:
            return remembered[1]
        answer = self._ask(api, authorizer, _event(api, authorizer, call, sources))
        if kept:
            with self._lock:
                self._remembered[key] = (now + authorizer.result_ttl_s, answer)
        return answer

    def _ask(
        self, api: ApiDefinition, authorizer: AuthorizerDefinition, event: Mapping[str, object]
    ) -> Mapping[str, object]:
        invocation = Invocation(json.dumps(event, ensure_ascii=False).encode(), str(uuid.uuid4()))
        try:
            reference = parse_integration_uri(authorizer.uri, api.account_id, api.region)
            outcome = self._caller.call(reference, invocation, _PATIENCE_S)
        except (InvalidFunctionNameError, FunctionNotFoundError, Throttled, FunctionTimeoutError) as error:
            raise _failed(authorizer, f"{type(error).__name__}: {error}") from error
        if outcome.function_error is not None:
            raise _failed(authorizer, "the function ended with an error")
        try:
            answer = json.loads(outcome.payload)
        except ValueError as error:
            raise _failed(authorizer, "the function's answer is not JSON") from error
        if not isinstance(answer, dict):
            raise _failed(authorizer, "the function's answer is not an object")
        return answer


def _failed(authorizer: AuthorizerDefinition, why: str) -> AuthorizerFailedError:
    _log.warning("authorizer %s (%s): %s", authorizer.name, authorizer.uri, why)
    return AuthorizerFailedError(why)


def _route_arn(api: ApiDefinition, call: Call) -> str:
    path = call.path.removeprefix(f"/{call.stage}").lstrip("/")
    target = f"{api.api_id}/{call.stage}/{call.request.head.method}/{path}"
    return f"arn:aws:execute-api:{api.region}:{api.account_id}:{target}"


def _event(
    api: ApiDefinition, authorizer: AuthorizerDefinition, call: Call, sources: list[str]
) -> dict[str, object]:
    arn = _route_arn(api, call)
    if authorizer.payload_version == "1.0":
        part = event_v1.request_part(call)
        identity = ",".join(sources)
        first = {
            "type": "REQUEST",
            "methodArn": arn,
            "identitySource": identity,
            "authorizationToken": identity,
        }
        return {"version": "1.0", **first, **part}
    first_v2: dict[str, object] = {"type": "REQUEST", "routeArn": arn, "identitySource": sources or None}
    return {"version": "2.0", **first_v2, "routeKey": call.route_key, **event_v2.request_part(call)}


def _identity(source: str, call: Call) -> str | None:
    """Give the value of `$request.header.Name` and its like, or None where the request has none."""
    head = call.request.head
    kind, _, name = source.removeprefix("$").removeprefix("request.").partition(".")
    if kind == "header":
        return head.headers.get(name.lower())
    if kind == "querystring":
        return dict(reversed(query_pairs(head.query))).get(unquote_plus(name))
    if kind == "stageVariables":
        return call.stage_variables.get(name)
    context = {"routeKey": call.route_key, "stage": call.stage, "path": call.path, "httpMethod": head.method}
    context["identity.sourceIp"] = head.peer
    if kind == "context" and name in context:
        return context[name]
    known = f"$request.header.…, $request.querystring.…, $stageVariables.…, $context.{{{','.join(context)}}}"
    raise AuthorizerFailedError(f"identity source {source!r} is not emulated; accepted are {known}")


def _read(authorizer: AuthorizerDefinition, answer: Mapping[str, object], resource: str) -> Decision:
    context = answer.get("context")
    context = {} if context is None else context
    if not isinstance(context, dict):
        raise _failed(authorizer, "'context' is an object")
    if authorizer.simple_responses and authorizer.payload_version != "1.0":
        allowed = answer.get("isAuthorized")
        if not isinstance(allowed, bool):
            raise _failed(authorizer, "a simple response has 'isAuthorized', true or false")
        return Decision(None if allowed else 403, context)
    principal = answer.get("principalId")
    if not isinstance(principal, str):
        raise _failed(authorizer, "an IAM response has a 'principalId'")
    try:
        allowed = allows(answer.get("policyDocument"), resource)
    except MalformedPolicyError as error:
        raise _failed(authorizer, str(error)) from error
    return Decision(None if allowed else 403, context, principal)
