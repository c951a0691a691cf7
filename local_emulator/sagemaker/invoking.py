"""One call to a container: which headers go in and out, how long it may take, and what its failures become."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.client import HTTPException
from typing import TYPE_CHECKING

from local_emulator.sagemaker.errors import ModelFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

    from local_emulator.sagemaker.process import ServingProcess

PREFIX = "x-amzn-sagemaker-"
_FORWARDED = ("custom-attributes", "inference-id", "session-id", "target-model")
TARGET_MODEL = f"{PREFIX}target-model"
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)


@dataclass(frozen=True, slots=True)
class Call:
    """What goes to a container: `headers` by lower-case name, as the caller sent them."""

    body: bytes
    headers: Mapping[str, str]
    timeout_s: float
    log_stream: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    body: bytes
    content_type: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def ask(process: ServingProcess, call: Call, path: str = "/invocations") -> Answered:
    """Ask and read the whole answer. ModelFailed for anything but a 2xx."""
    try:
        with process.asked(
            "POST", path, call.body, container_headers(call.headers), call.timeout_s
        ) as response:
            body = response.read()
    except TimeoutError:
        raise ModelFailed(0, _TIMED_OUT, call.log_stream) from None
    except (OSError, HTTPException) as error:
        raise ModelFailed(0, f"{type(error).__name__}: {error}", call.log_stream) from None
    check(response, body, call)
    return Answered(body, content_type_of(response), attributes_of(response))


def check(response: HTTPResponse, body: bytes, call: Call) -> None:
    """Raise ModelFailed for what is no success."""
    if not 200 <= response.status < 300:
        raise ModelFailed(response.status, body.decode("utf-8", "replace")[:4096], call.log_stream)


def container_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What of the caller's headers a container gets to see."""
    found = {
        "Content-Type": headers.get("content-type", "application/octet-stream"),
        "Accept": headers.get("accept", "*/*"),
    }
    for name in _FORWARDED:
        if (value := headers.get(PREFIX + name)) is not None:
            found["X-Amzn-SageMaker-" + name.title()] = value
    return found


def content_type_of(response: HTTPResponse) -> str:
    """The answer's type, which SageMaker passes on."""
    return response.headers.get("content-type", "application/octet-stream")


def attributes_of(response: HTTPResponse) -> dict[str, str]:
    """The container's custom attributes, if it gave any."""
    value = response.headers.get(f"{PREFIX}custom-attributes")
    return {} if value is None else {"X-Amzn-SageMaker-Custom-Attributes": value}
