"""The lane of HTTP APIs: from a request to the function's answer."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front import cors
from local_emulator.aws.front.addresses import address_of
from local_emulator.aws.front.functions import (
    FunctionTimeoutError,
    InvalidFunctionNameError,
    parse_integration_uri,
)
from local_emulator.aws.front.gateway import answers
from local_emulator.aws.front.gateway.routing import Router, split_stage
from local_emulator.aws.front.lanes import HostClaim, PathClaim
from local_emulator.aws.front.payloads import event_v1, event_v2
from local_emulator.aws.front.payloads.call import Call, new_request_id, new_trace_id
from local_emulator.aws.front.payloads.replies import MalformedReplyError, reply_v1, reply_v2
from local_emulator.aws.front.ports import FunctionNotFoundError
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import Outcome
    from local_emulator.aws.front.addresses import Address
    from local_emulator.aws.front.functions import FunctionCaller
    from local_emulator.aws.front.gateway.access import Access
    from local_emulator.aws.front.gateway.throttling import Throttles
    from local_emulator.aws.front.ports import ApiDefinition, ApiDirectory, IntegrationDefinition
    from local_emulator.http.messages import HttpRequest

_log = logging.getLogger(__name__)
_LABEL, _PREFIX = "execute-api", "/_api/"
_MAX_BODY = 10 * 1024 * 1024  # API Gateway's limit
_MAX_EVENT = 6 * 1024 * 1024  # Lambda's limit for a synchronous invocation
_MAX_PATIENCE_MS = 30_000
_DEFAULT_CONTENT_TYPE = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class HttpApiLane:
    """Executes HTTP APIs. `clock` gives seconds since the epoch."""

    apis: ApiDirectory
    caller: FunctionCaller
    access: Access
    throttles: Throttles
    clock: Callable[[], float]
    routers: dict[str, tuple[ApiDefinition, Router]]  # by API id; a changed definition is compiled anew

    claims = (HostClaim(_LABEL), PathClaim(_PREFIX))
    public = True

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; every answer carries apigw-requestid, as on AWS."""
        address = address_of(request.head, _LABEL, _PREFIX)
        request_id = new_request_id()
        response = self._answer(request, address, request_id)
        return response.with_headers(("apigw-requestid", request_id))

    def _answer(self, request: HttpRequest, address: Address, request_id: str) -> HttpResponse:
        api = self.apis.find_api(address.id)
        if api is None:
            known = ", ".join(self.apis.api_ids()) or "none"
            return answers.hinted(answers.NOT_FOUND, f"no HTTP API '{address.id}'; there are: {known}")
        if api.cors is not None and cors.is_preflight(request.head):
            return cors.preflight(api.cors, request.head, 204)
        return cors.apply(api.cors, request.head, self._routed(request, address, api, request_id))

    def _routed(
        self, request: HttpRequest, address: Address, api: ApiDefinition, request_id: str
    ) -> HttpResponse:
        staged = split_stage(api.stages, address.path)
        if staged is None:
            names = ", ".join(stage.name for stage in api.stages) or "none"
            return answers.hinted(answers.NOT_FOUND, f"no stage for {address.path}; there are: {names}")
        stage, path = staged
        matched = self._router(api).match(request.head.method, path)
        if matched is None:
            return answers.hinted(answers.NOT_FOUND, f"no route for {request.head.method} {path}")
        if request.body.size > _MAX_BODY:
            return answers.TOO_LARGE
        if not self.throttles.admit(api.api_id, stage, matched.route.route_key):
            return answers.TOO_MANY_REQUESTS
        now = self.clock()
        call = Call(
            request=request,
            account_id=api.account_id,
            api_id=api.api_id,
            domain_name=address.domain_name,
            path=unquote(address.path),  # HTTP APIs show paths decoded, unlike function URLs and REST APIs
            route_key=matched.route.route_key,
            stage=stage.name,
            request_id=request_id,
            trace_id=new_trace_id(now),
            time_s=now,
            path_parameters=matched.path_parameters,
            stage_variables=dict(stage.variables),
        )
        integration = _integration(api, matched.route.integration_id)
        if isinstance(integration, HttpResponse):
            return integration
        admitted = self.access.check(api, matched.route, call, integration.payload_version)
        return admitted if isinstance(admitted, HttpResponse) else self._integrate(api, integration, admitted)

    def _router(self, api: ApiDefinition) -> Router:
        kept = self.routers.get(api.api_id)
        if kept is None or kept[0].routes != api.routes:
            kept = self.routers[api.api_id] = (api, Router(api.routes))
        return kept[1]

    def _integrate(self, api: ApiDefinition, integration: IntegrationDefinition, call: Call) -> HttpResponse:
        build = event_v1.build if integration.payload_version == "1.0" else event_v2.build
        payload = json.dumps(build(call), ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > _MAX_EVENT:
            return answers.TOO_LARGE
        # Lambda numbers requests by itself; the gateway's ids have characters that a path cannot have.
        invocation = Invocation(payload, str(uuid.uuid4()), trace_id=call.trace_id)
        uri = _with_variables(integration.uri, call)
        patience_s = min(integration.timeout_ms, _MAX_PATIENCE_MS) / 1000
        try:
            reference = parse_integration_uri(uri, api.account_id, api.region)
            outcome = self.caller.call(reference, invocation, patience_s)
        except (InvalidFunctionNameError, FunctionNotFoundError):
            _log.warning("HTTP API %s: route %s leads to no function: %s", api.api_id, call.route_key, uri)
            return answers.INTERNAL_SERVER_ERROR
        except (Throttled, FunctionTimeoutError) as error:
            _log.warning("HTTP API %s: route %s: %s", api.api_id, call.route_key, type(error).__name__)
            return answers.SERVICE_UNAVAILABLE
        return _reply(integration, call, outcome)


def _integration(api: ApiDefinition, integration_id: str) -> IntegrationDefinition | HttpResponse:
    found = next((each for each in api.integrations if each.integration_id == integration_id), None)
    if found is None:
        _log.warning("HTTP API %s has a route without an integration", api.api_id)
        return answers.INTERNAL_SERVER_ERROR
    if found.kind != "AWS_PROXY" or ":lambda:" not in found.uri:
        return answers.not_emulated(f"integration type {found.kind} to {found.uri!r}; AWS_PROXY to Lambda is")
    if found.payload_version not in {"1.0", "2.0"}:
        return answers.not_emulated(f"payload format {found.payload_version!r}; 1.0 and 2.0 are")
    return found


def _with_variables(uri: str, call: Call) -> str:
    for name, value in call.stage_variables.items():
        uri = uri.replace("${stageVariables." + name + "}", value)
    return uri


def _reply(integration: IntegrationDefinition, call: Call, outcome: Outcome) -> HttpResponse:
    if outcome.function_error is not None:
        return answers.INTERNAL_SERVER_ERROR
    read = reply_v1 if integration.payload_version == "1.0" else reply_v2
    try:
        return read(outcome.payload, _DEFAULT_CONTENT_TYPE)
    except MalformedReplyError as error:
        _log.warning("HTTP API %s: route %s: malformed reply: %s", call.api_id, call.route_key, error)
        return answers.INTERNAL_SERVER_ERROR
