"""Asynchronous invocations: the input from S3, the answer to S3, a notice to a topic."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from local_emulator.sagemaker.errors import InvalidRequest, ModelFailed, NotReady, SageMakerError, Throttled
from local_emulator.sagemaker.invoking import Call, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.sagemaker.contracts import AsyncSpec, Clock, Notices, Objects
    from local_emulator.sagemaker.endpoint import Endpoint
    from local_emulator.sagemaker.invoking import Answered

_TRIES = 3
_PAUSE_S = 0.2  # before another try; SageMaker waits longer
_THREADS = 16


@dataclass(frozen=True, slots=True)
class Order:
    """One invocation that was accepted. `body` stands for the input where there is no `location`."""

    inference_id: str
    location: str
    body: bytes
    headers: Mapping[str, str]
    timeout_s: float
    expires_after_s: float
    output: str
    failure: str
    received: str


class AsyncInvocations:
    """Answers orders one after another, as many at a time as the endpoint's configuration allows."""

    def __init__(
        self, objects: Objects, notices: Notices, clock: Clock, pause: Callable[[float], None]
    ) -> None:
        self._objects = objects
        self._notices = notices
        self._clock = clock
        self._pause = pause
        self._pool = ThreadPoolExecutor(_THREADS, "sagemaker-async")

    def accept(self, endpoint: Endpoint, headers: Mapping[str, str], body: bytes, terms: Terms) -> Order:
        """Take an order; it is answered later. InvalidRequest for an endpoint that isn't asynchronous."""
        spec = endpoint.asynchronous
        if spec is None:
            raise InvalidRequest(f"Endpoint {endpoint.name} is not an asynchronous endpoint.")
        name = str(uuid4())
        order = Order(
            inference_id=terms.inference_id or name,
            location=terms.location,
            body=body,
            headers=headers,
            timeout_s=terms.timeout_s,
            expires_after_s=terms.expires_after_s,
            output=f"{spec.output.rstrip('/')}/{name}.out",
            failure=f"{(spec.failure or spec.output).rstrip('/')}/{name}-error.out",
            received=_now(),
        )
        self._pool.submit(self._answer, endpoint, spec, order, self._clock())
        return order

    def close(self) -> None:
        """Begin no more, and wait for those under way."""
        self._pool.shutdown(cancel_futures=True)

    def _answer(self, endpoint: Endpoint, spec: AsyncSpec, order: Order, accepted: float) -> None:
        try:
            found = self._asked(endpoint, order, accepted)
        except SageMakerError as error:
            told = error.original_message if isinstance(error, ModelFailed) else error.message
            self._objects.write(order.failure, told.encode(), "text/plain")
            self._tell(spec.error_topic, endpoint, order, "Failed", error.message)
            return
        self._objects.write(order.output, found.body, found.content_type)
        self._tell(spec.success_topic, endpoint, order, "Completed", "", found.content_type)

    def _asked(self, endpoint: Endpoint, order: Order, accepted: float) -> Answered:
        if self._clock() - accepted > order.expires_after_s:
            raise SageMakerError("Inference request expired before it was processed.")
        body = self._objects.read(order.location) if order.location else order.body
        stream = f"/aws/sagemaker/Endpoints/{endpoint.name}"
        call = Call(body, order.headers, order.timeout_s, stream)
        for number in range(1, _TRIES + 1):
            try:
                with endpoint.asked("") as (_, process):
                    return ask(process, call)
            except (ModelFailed, NotReady, Throttled) as error:
                # What the container calls the client's fault stays one.
                if number == _TRIES or (
                    isinstance(error, ModelFailed) and 400 <= error.original_status < 500
                ):
                    raise
                self._pause(_PAUSE_S * number)
        raise AssertionError("the last try returns or raises")

    def _tell(
        self, topic: str, endpoint: Endpoint, order: Order, status: str, reason: str, content_type: str = ""
    ) -> None:
        if not topic:
            return
        parameters = {"endpointName": endpoint.name, "inputLocation": order.location}
        failed = {"failureReason": reason, "failureLocation": order.failure}
        completed = {"contentType": content_type, "outputLocation": order.output}
        self._notices.publish(
            topic,
            {
                "awsRegion": topic.split(":")[3],
                "eventTime": _now(),
                "receivedTime": order.received,
                "invocationStatus": status,
                "requestParameters": parameters,
                **({"responseParameters": completed} if not reason else failed),
                "inferenceId": order.inference_id,
                "eventVersion": "1.0",
                "eventSource": "aws:sagemaker",
                "eventName": "InferenceResult",
            },
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What an asynchronous request says beside its input."""

    location: str
    inference_id: str
    timeout_s: float
    expires_after_s: float


def sleep(seconds: float) -> None:
    """The pause between tries, outside of tests."""
    time.sleep(seconds)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
