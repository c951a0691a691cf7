"""The other lane: Mangum to the FastAPI application, both imported when the first such request comes."""

from __future__ import annotations

import atexit
from functools import cache

from onehandler.errors import NotFound
from onehandler.protocols import problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from adapters.aws_lambda.events import Source
    from onehandler.message import Request
    from onehandler.protocols import Served

    LoadApp: TypeAlias = Callable[[Served], Any]

_TEXT_TYPES = ("text/", "application/json", "application/problem+json", "application/javascript")
_WEB_PACKAGES = ("fastapi", "mangum", "pydantic", "pydantic_core", "starlette", "anyio")


def load_app(handler: Served) -> Any:
    """Import the FastAPI application and make it serve the handler that is loaded already."""
    from onehandler.app import create_app  # half a second

    return create_app(handler)


class WebLane:
    """Answers what no protocol owns."""

    def __init__(self, handler: Served, load: LoadApp) -> None:
        self._handler = handler
        self._load = load
        self._mangum: Callable[[Any, Any], dict[str, Any]] | None = None

    def answer(self, source: Source, event: Any, context: Any, request: Request) -> dict[str, Any]:
        """Send the event on, its path without stage and base path."""
        if self._mangum is None:
            try:
                self._mangum = self._made()
            except ModuleNotFoundError as error:
                if (error.name or "").partition(".")[0] not in _WEB_PACKAGES:
                    raise
                refused = NotFound(
                    "this deployment has no web layer: there are predictions, but no pages; add layer 'web'"
                )
                return source.result(event, problem.refuse(refused))
        from urllib.parse import quote  # Mangum decodes the path once more

        return self._mangum(source.with_path(event, quote(request.path)), context)

    def _made(self) -> Callable[[Any, Any], dict[str, Any]]:
        from mangum import Mangum

        _provide_event_loop()
        # The handler was loaded in the init phase: a lifespan per invocation would have nothing to do.
        made: Callable[[Any, Any], dict[str, Any]] = Mangum(
            self._load(self._handler), lifespan="off", text_mime_types=list(_TEXT_TYPES)
        )
        return made


def _provide_event_loop() -> None:
    """Mangum runs on the thread's event loop, which Pythons no longer make unasked, and asyncio.run takes away."""
    import asyncio

    asyncio.set_event_loop(_event_loop())


@cache
def _event_loop() -> AbstractEventLoop:
    """One for the life of the process: Mangum would make others, which nobody closes."""
    import asyncio

    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
