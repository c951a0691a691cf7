"""The lane of function URLs.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front import cors
from local_emulator.aws.front.addresses import address_of
from local_emulator.aws.front.credentials import credential_of
from local_emulator.aws.front.functions import FunctionReference
from local_emulator.aws.front.lanes import HostClaim, PathClaim
from local_emulator.aws.front.payloads import event_v2
from local_emulator.aws.front.payloads.call import Call, new_trace_id
from local_emulator.aws.front.payloads.replies import MalformedReplyError, reply_v2
from local_emulator.aws.front.ports import FunctionNotFoundError
from local_emulator.http.messages import HttpResponse, json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import Outcome
    from local_emulator.aws.front.addresses import Address
    from local_emulator.aws.front.functions import FunctionCaller
    from local_emulator.aws.front.ports import FunctionUrl, FunctionUrlDirectory
    from local_emulator.http.messages import HttpRequest

_log = logging.getLogger(__name__)
_LABEL, _PREFIX = "lambda-url", "/_url/"
_MAX_EVENT = 6 * 1024 * 1024
_PATIENCE_S = 1_000.0  # as long as any function runs: a URL has no time limit of its own
_FORBIDDEN = json_response(403, {"Message": "Forbidden"}, ("x-amzn-ErrorType", "AccessDeniedException"))
_NOT_FOUND = json_response(404, {"Message": None})
_TOO_LARGE = json_response(413, {"message": "Request Too Long"})
_BAD_GATEWAY = HttpResponse(502, (("Content-Type", "application/json"),), b"Internal Server Error")
_THROTTLED = json_response(
    429,
    {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    },
)


class _Once:
    """Says something the first time only."""

    def __init__(self) -> None:
        self._said = False

    def warn(self, message: str) -> None:
        if not self._said:
            self._said = True
            _log.warning(message)


@dataclass(frozen=True, slots=True)
class FunctionUrlLane:
    """Answers at function URLs. `clock` gives seconds since the epoch."""

    urls: FunctionUrlDirectory
    caller: FunctionCaller
    clock: Callable[[], float]
    _unverified: _Once = field(default_factory=_Once)

    claims = (HostClaim(_LABEL), PathClaim(_PREFIX))
    public = True

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request; every answer carries x-amzn-RequestId."""
        address = address_of(request.head, _LABEL, _PREFIX)
        request_id = str(uuid.uuid4())
        response = self._answer(request, address, request_id)
        return response.with_headers(("x-amzn-RequestId", request_id))

    def _answer(self, request: HttpRequest, address: Address, request_id: str) -> HttpResponse:
        url = self.urls.find_url(address.id)
        if url is None:
            return _NOT_FOUND.with_headers(("x-emulator-hint", f"no function URL '{address.id}'"))
        if url.invoke_mode != "BUFFERED":
            return _streaming_refused(url)
        if url.cors is not None and cors.is_preflight(request.head):
            return cors.preflight(url.cors, request.head, 200)
        if url.auth_type != "NONE":
            if credential_of(request.head) is None:
                return _FORBIDDEN
            self._unverified.warn(
                "function URLs with AWS_IAM: signatures must be present, and are not verified"
            )
        return cors.apply(url.cors, request.head, self._invoke(request, address, url, request_id))

    def _invoke(
        self, request: HttpRequest, address: Address, url: FunctionUrl, request_id: str
    ) -> HttpResponse:
        now = self.clock()
        call = Call(
            request=request,
            account_id="anonymous" if url.auth_type == "NONE" else url.account_id,
            api_id=url.url_id,
            domain_name=address.domain_name,
            path=address.path,
            route_key="$default",
            stage="$default",
            request_id=request_id,
            trace_id=new_trace_id(now),
            time_s=now,
        )
        payload = json.dumps(event_v2.build(call), ensure_ascii=False, separators=(",", ":")).encode()
        if len(payload) > _MAX_EVENT:
            return _TOO_LARGE
        reference = FunctionReference(url.account_id, url.region, url.function_name, url.qualifier)
        try:
            outcome = self.caller.call(
                reference, Invocation(payload, request_id, trace_id=call.trace_id), _PATIENCE_S
            )
        except FunctionNotFoundError:
            return _NOT_FOUND
        except Throttled:
            return _THROTTLED
        return _reply(url, outcome)


def _reply(url: FunctionUrl, outcome: Outcome) -> HttpResponse:
    if outcome.function_error is not None:
        return _BAD_GATEWAY
    try:
        return reply_v2(outcome.payload, "application/json")
    except MalformedReplyError as error:
        _log.warning("function URL of %s: malformed reply: %s", url.function_name, error)
        return _BAD_GATEWAY


def _streaming_refused(url: FunctionUrl) -> HttpResponse:
    message = (
        f"Not emulated: invoke mode {url.invoke_mode} (the Lambda runtime client for Python cannot stream); "
        "set it to BUFFERED"
    )
    return json_response(501, {"message": message})
