"""The kinds of event that a function may be invoked with, one file each, imported when one comes."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from onehandler.message import Request, Response

    class Source(Protocol):
        """What each kind's file offers as `SOURCE`."""

        @property
        def always_fast(self) -> bool:
            """Whether its requests never go to the web application, whatever their path."""
            ...

        @property
        def limit(self) -> int:
            """Bytes that a result may have, as JSON."""
            ...

        def request(self, event: Any, base_path: str) -> Request:
            """The event as a request; its path without stage and base path."""
            ...

        def result(self, event: Any, response: Response) -> dict[str, Any]:
            """The response as this source wants it."""
            ...

        def with_path(self, event: Any, path: str) -> Any:
            """The event with the path that the application shall see."""
            ...


SOURCES = {
    "alb": "adapters.aws_lambda.events.alb",
    "direct": "adapters.aws_lambda.events.direct",
    "http_api": "adapters.aws_lambda.events.http_api",
    "rest_api": "adapters.aws_lambda.events.rest_api",
}
_loaded: dict[str, Source] = {}


def source_of(event: Any) -> Source:
    """The kind of an event, by the members that only that kind has."""
    kind = _kind(event)
    found = _loaded.get(kind)
    if found is None:
        found = _loaded[kind] = import_module(SOURCES[kind]).SOURCE
    return found


def _kind(event: Any) -> str:
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict):
        return "direct"
    if "elb" in context:
        return "alb"
    if event.get("version") == "2.0" and "http" in context:
        return "http_api"  # function URLs send the same
    return "rest_api" if "httpMethod" in event else "direct"
