"""The entry point that Lambda calls: event in, result out, through one of two lanes."""

from __future__ import annotations

import os

# The usual event and protocol are imported while ONNX Runtime loads on a thread of its own, not in the
# first call: 0.8 ms.
from adapters.aws_lambda.events import http_api as _usual_event  # noqa: F401
from adapters.aws_lambda.events import source_of
from onehandler.protocols import native as _usual_protocol  # noqa: F401
from onehandler.protocols import serves
from onehandler.settings import trace_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final, TypeAlias

    from adapters.aws_lambda.web import LoadApp, WebLane
    from onehandler.protocols import Served

    Event: TypeAlias = Any
    Context: TypeAlias = Any
    EntryPoint: TypeAlias = Callable[[Event, Context], dict[str, Any]]

_SURELY_FITS = 128 * 1024  # characters: below every source's limit, however much JSON escapes


def entry_point(handler: Served, web: LoadApp | None = None) -> EntryPoint:
    """Make the callable that Lambda invokes as `handler(event, context)`.

    `web` makes the ASGI application for whatever isn't a prediction; it is called at most once, and only when
    such a request comes.
    """
    lanes: list[WebLane] = []

    def web_lane() -> WebLane:
        if not lanes:
            from adapters.aws_lambda.web import WebLane, load_app  # predictions take the fast lane

            lanes.append(WebLane(handler, web or load_app))
        return lanes[0]

    def handle(event: Event, context: Context) -> dict[str, Any]:
        handler.telemetry.begin(Call(context))
        source = source_of(event)
        request = source.request(event, handler.settings.base_path)
        if source.always_fast or serves(request.path):
            result = source.result(event, handler.answer(request))
        else:
            result = web_lane().answer(source, event, context, request)
        body = result.get("body")
        if type(body) is str and len(body) <= _SURELY_FITS:
            return result
        from adapters.aws_lambda.limits import fitting  # few answers have a megabyte

        return fitting(source, event, request, result)

    return handle


class Call:
    """One invocation as its context tells it; implements onehandler.telemetry.Invocation.

    A function that is called by hand, as people try theirs out, may get no context: all is empty then.
    """

    __slots__ = ("_context",)

    def __init__(self, context: Context) -> None:
        self._context: Final = context

    @property
    def function(self) -> str:
        """The function's name."""
        return self._context.function_name if self._context else ""

    @property
    def memory(self) -> int:
        """Its memory setting, in MB."""
        return int(self._context.memory_limit_in_mb) if self._context else 0

    @property
    def arn(self) -> str:
        """The invoked ARN, with version or alias."""
        return self._context.invoked_function_arn if self._context else ""

    @property
    def request_id(self) -> str:
        """Lambda's id of the invocation."""
        return self._context.aws_request_id if self._context else ""

    @property
    def trace_id(self) -> str:
        """The X-Ray trace, which the runtime client sets in the environment for each invocation."""
        return trace_id(os.environ)
