"""Answers that go on to the client while the container still writes them."""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING

from local_emulator.http.messages import HttpResponse
from local_emulator.sagemaker.errors import ModelFailed
from local_emulator.sagemaker.front import event_stream
from local_emulator.sagemaker.invoking import attributes_of, check, container_headers, content_type_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack
    from http.client import HTTPResponse

    from local_emulator.sagemaker.invoking import Call
    from local_emulator.sagemaker.process import ServingProcess

_READ = 64 * 1024


def streamed(process: ServingProcess, call: Call, path: str, variant: str, opened: ExitStack) -> HttpResponse:
    """Ask, and answer with an event stream; `opened` is closed when it has been sent. Raises ModelFailed."""
    response = _begun(process, call, path, opened)
    told = {
        "Content-Type": event_stream.CONTENT_TYPE,
        "X-Amzn-SageMaker-Content-Type": content_type_of(response),
        "x-Amzn-Invoked-Production-Variant": variant,
        **attributes_of(response),
    }
    return HttpResponse(200, tuple(told.items()), stream=_Parts(response, opened.pop_all()))


def _begun(process: ServingProcess, call: Call, path: str, opened: ExitStack) -> HTTPResponse:
    try:
        asked = process.asked("POST", path, call.body, container_headers(call.headers), call.timeout_s)
        response = opened.enter_context(asked)
        if response.status >= 300:
            check(response, response.read(), call)
    except (OSError, HTTPException) as error:
        raise ModelFailed(0, f"{type(error).__name__}: {error}", call.log_stream) from None
    return response


@dataclass(frozen=True, slots=True)
class _Parts:
    """The container's answer as events. What breaks it off is an event, too."""

    response: HTTPResponse
    opened: ExitStack

    def __iter__(self) -> Iterator[bytes]:
        """Each block as soon as it is there."""
        try:
            while block := self.response.read1(_READ):
                yield event_stream.part(block)
        except TimeoutError:
            yield event_stream.failure(
                "ModelStreamError", "the model did not go on in time", ErrorCode="ModelInvocationTimeExceeded"
            )
        except (OSError, HTTPException) as error:
            yield event_stream.failure(
                "ModelStreamError", f"the stream broke: {error}", ErrorCode="StreamBroken"
            )

    def close(self) -> None:
        """Let go of the container."""
        self.opened.close()
