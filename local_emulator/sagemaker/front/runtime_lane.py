"""The runtime API: InvokeEndpoint, InvokeEndpointWithResponseStream, InvokeEndpointAsync."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local_emulator.aws.front.lanes import PathClaim
from local_emulator.http.messages import HttpResponse, json_response
from local_emulator.sagemaker.asynchronous import Terms
from local_emulator.sagemaker.errors import InvalidRequest, ModelFailed, SageMakerError
from local_emulator.sagemaker.front.limits import (
    ASYNC_BYTES,
    ASYNC_S,
    REAL_TIME_S,
    STREAM_S,
    check_answer,
    check_size,
)
from local_emulator.sagemaker.front.operations import place_of
from local_emulator.sagemaker.front.streaming import streamed
from local_emulator.sagemaker.invoking import PREFIX, TARGET_MODEL, Call, ask
from local_emulator.sagemaker.runtime import log_group

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.http.messages import HttpRequest, RequestHead
    from local_emulator.sagemaker.components import Components
    from local_emulator.sagemaker.endpoint import Endpoint, Variant
    from local_emulator.sagemaker.process import ServingProcess
    from local_emulator.sagemaker.runtime import SageMaker

_BEFORE = "/endpoints/"
_PLAIN, _STREAM, _ASYNC = "/invocations", "/invocations-response-stream", "/async-invocations"
_REFUSED = {
    f"{PREFIX}target-container-hostname": "endpoints of several containers (TargetContainerHostname)",
    f"{PREFIX}enable-explanations": "explanations (EnableExplanations)",
    f"{PREFIX}prefix-aware-id": "prefix-aware routing (PrefixAwareId)",
    f"{PREFIX}s3outputpathextension": "S3OutputPathExtension",
    f"{PREFIX}filename": "Filename",
}
_COMPONENT = f"{PREFIX}inference-component"
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class RuntimeLane:
    """Answers calls to endpoints. `account_of` knows accounts by access key."""

    sagemaker: SageMaker
    components: Components
    account_of: Callable[[str], str]

    claims = tuple(PathClaim(_BEFORE, suffix, "POST") for suffix in (_PLAIN, _STREAM, _ASYNC))
    public = False

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Ask the endpoint's container."""
        try:
            return self._answered(request)
        except SageMakerError as error:
            return _failed(error)

    def _answered(self, request: HttpRequest) -> HttpResponse:
        head = request.head
        name, _, kind = head.path[len(_BEFORE) :].rpartition("/")
        for header, what in _REFUSED.items():
            if header in head.headers:
                raise InvalidRequest(f"the emulator does not support {what}")
        endpoint = self._endpoint(head, unquote(name))
        body = request.body.read()
        if f"/{kind}" == _ASYNC:
            return self._accepted(endpoint, head, body)
        with ExitStack() as opened:
            target = head.headers.get(f"{PREFIX}target-variant") or ""
            variant, process = opened.enter_context(endpoint.asked(target))
            check_size(variant, len(body))
            stream = f"/{kind}" == _STREAM
            call = Call(
                body, _headers(head, stream=stream), STREAM_S if stream else REAL_TIME_S, _log_of(endpoint)
            )
            path = self._path(variant, process, head, call.log_stream)
            if stream:
                return streamed(process, call, path, variant.name, opened)
            found = ask(process, call, path)
        check_answer(variant, len(found.body))
        told = {
            "Content-Type": found.content_type,
            "x-Amzn-Invoked-Production-Variant": variant.name,
            **found.attributes,
        }
        return HttpResponse(200, tuple(told.items()), found.body)

    def _endpoint(self, head: RequestHead, name: str) -> Endpoint:
        place = place_of(head, self.account_of)
        found = self.sagemaker.find(place, name)
        if found is None:
            raise InvalidRequest(f"Endpoint {name} of account {place.account_id} not found.")
        component = head.headers.get(_COMPONENT)
        return self.components.serving(place, component, name) if component else found

    def _path(self, variant: Variant, process: ServingProcess, head: RequestHead, log_stream: str) -> str:
        target = head.headers.get(TARGET_MODEL)
        if not variant.fleet.spec.container.several:
            if target is not None:
                raise InvalidRequest("TargetModel is for multi-model endpoints; this one has a single model.")
            return _PLAIN
        if target is None:
            raise InvalidRequest("TargetModel is required: this is a multi-model endpoint.")
        return variant.fleet.models.path(process, target, log_stream)

    def _accepted(self, endpoint: Endpoint, head: RequestHead, body: bytes) -> HttpResponse:
        location = head.headers.get(f"{PREFIX}inputlocation") or ""
        if bool(location) == bool(body):
            raise InvalidRequest("either InputLocation or Body is required, and not both")
        if len(body) > ASYNC_BYTES:
            raise InvalidRequest(f"the input has {len(body)} bytes; {ASYNC_BYTES} are accepted")
        terms = Terms(
            location,
            head.headers.get(f"{PREFIX}inference-id") or "",
            _seconds(head, f"{PREFIX}invocationtimeoutseconds", 900, ASYNC_S),
            _seconds(head, f"{PREFIX}requestttlseconds", 21_600, _DAY_S),
        )
        order = self.sagemaker.asynchronous.accept(endpoint, _headers(head, stream=True), body, terms)
        return json_response(
            202,
            {"InferenceId": order.inference_id},
            ("X-Amzn-SageMaker-OutputLocation", order.output),
            ("X-Amzn-SageMaker-FailureLocation", order.failure),
        )


def _headers(head: RequestHead, *, stream: bool) -> dict[str, str]:
    """The caller's headers by lower-case name; where the API has its own for type and acceptance, as the usual ones."""
    found = {name.lower(): value for name, value in head.headers}
    if stream:
        found["accept"] = found.get(f"{PREFIX}accept", "*/*")
        if (told := found.get(f"{PREFIX}content-type")) is not None:
            found["content-type"] = told
    return found


def _seconds(head: RequestHead, name: str, default: float, most: float) -> float:
    text = head.headers.get(name)
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise InvalidRequest(f"{name} must be between 1 and {most:.0f} seconds")
    return int(text)


def _log_of(endpoint: Endpoint) -> str:
    return f"{log_group(endpoint.name)} in CloudWatch"


def _failed(error: SageMakerError) -> HttpResponse:
    told: dict[str, object] = {"Message": error.message, "message": error.message}
    if isinstance(error, ModelFailed):
        told |= {
            "OriginalStatusCode": error.original_status,
            "OriginalMessage": error.original_message,
            "LogStreamArn": error.log_stream,
        }
    body = json.dumps(told).encode()
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", error.code))
    return HttpResponse(error.status, headers, body)
