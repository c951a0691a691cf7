"""The lane of the Invoke API."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution.contracts import Invocation, Throttled
from local_emulator.aws.front.invoke.errors import InvokeError, not_found, refused, throttled
from local_emulator.aws.front.invoke.request import PREFIX, SUFFIX, read_request
from local_emulator.aws.front.lanes import PathClaim
from local_emulator.aws.front.ports import FunctionNotFoundError
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import FunctionRunner, Outcome
    from local_emulator.aws.front.functions import FunctionReference
    from local_emulator.aws.front.invoke.request import InvokeRequest
    from local_emulator.aws.front.ports import AsyncInvoker, FoundFunction, FunctionDirectory
    from local_emulator.http.messages import HttpRequest

_TAIL = 4096


@dataclass(frozen=True, slots=True)
class InvokeLane:
    """Answers POST /2015-03-31/functions/{name}/invocations. `account_of`: access key to account id."""

    directory: FunctionDirectory
    runner: FunctionRunner
    async_invoker: AsyncInvoker
    account_of: Callable[[str], str]

    claims = (PathClaim(PREFIX, SUFFIX, "POST", "lambda"),)
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Invoke, and answer as Lambda does."""
        request_id = str(uuid.uuid4())
        try:
            response = self._answer(read_request(request, self.account_of), request_id)
        except InvokeError as error:
            response = error.response
        return response.with_headers(("x-amzn-RequestId", request_id))

    def _answer(self, invoke: InvokeRequest, request_id: str) -> HttpResponse:
        found = self._find(invoke.reference)
        if invoke.kind == "DryRun":
            return HttpResponse(204)
        if invoke.kind == "Event":
            self.async_invoker.enqueue(found.snapshot, invoke.payload, request_id)
            return HttpResponse(202)
        invocation = Invocation(
            invoke.payload, request_id, invoke.client_context, invoke.reference.arn(), invoke.trace_id
        )
        try:
            outcome = self.runner.invoke(found.snapshot, invocation, found.concurrency_limit)
        except Throttled as error:
            raise throttled() from error
        if outcome.refusal is not None:
            raise refused(outcome.refusal)
        return _response(outcome, wants_log=invoke.wants_log)

    def _find(self, reference: FunctionReference) -> FoundFunction:
        try:
            return self.directory.find(
                reference.account_id, reference.region, reference.name, reference.qualifier
            )
        except FunctionNotFoundError as error:
            qualified = reference.arn() + ("" if reference.qualifier else ":$LATEST")
            raise not_found(f"Function not found: {qualified}") from error


def _response(outcome: Outcome, *, wants_log: bool) -> HttpResponse:
    headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", outcome.executed_version)]
    if outcome.function_error is not None:
        headers.append(("X-Amz-Function-Error", outcome.function_error))
    if wants_log:
        headers.append(("X-Amz-Log-Result", base64.b64encode(outcome.log[-_TAIL:]).decode()))
    return HttpResponse(200, tuple(headers), outcome.payload)
