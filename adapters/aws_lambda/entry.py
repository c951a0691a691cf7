"""The entry point that Lambda calls: event in, result out, through one of two lanes."""

from __future__ import annotations

import os

# The usual event and protocol are imported while ONNX Runtime loads on a thread of its own, not in the
# first call: 0.8 ms.
from adapters.aws_lambda.events import http_api as _usual_event  # noqa: F401
from adapters.aws_lambda.events import source_of
from adapters.aws_lambda.limits import fitting
from adapters.aws_lambda.web import WebLane, load_app
from onehandler.protocols import native as _usual_protocol  # noqa: F401
from onehandler.protocols import serves
from onehandler.settings import trace_id
from onehandler.telemetry import Invocation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from adapters.aws_lambda.web import LoadApp
    from onehandler.handler import Handler

    Event: TypeAlias = Any
    Context: TypeAlias = Any
    EntryPoint: TypeAlias = Callable[[Event, Context], dict[str, Any]]


def entry_point(handler: Handler, web: LoadApp = load_app) -> EntryPoint:
    """Make the callable that Lambda invokes as `handler(event, context)`.

    `web` makes the ASGI application for whatever isn't a prediction; it is called at most once, and only when
    such a request comes.
    """
    lane = WebLane(handler, web)

    def handle(event: Event, context: Context) -> dict[str, Any]:
        handler.telemetry.begin(_invocation(context))
        source = source_of(event)
        request = source.request(event, handler.settings.base_path)
        if source.always_fast or serves(request.path):
            result = source.result(event, handler.answer(request))
        else:
            result = lane.answer(source, event, context, request)
        return fitting(source, event, request, result)

    return handle


def _invocation(context: Context) -> Invocation:
    if context is None:  # called by hand, as people try out their functions
        return Invocation()
    return Invocation(
        function=context.function_name,
        memory=int(context.memory_limit_in_mb),
        arn=context.invoked_function_arn,
        request_id=context.aws_request_id,
        trace_id=trace_id(os.environ),
    )
