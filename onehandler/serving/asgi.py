"""The ASGI application of a worker. Predictions need neither FastAPI nor pydantic: only pages import them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from onehandler.errors import NotFound
from onehandler.protocols import problem
from onehandler.serving.endpoint import Endpoint, send_response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from onehandler.serving.dispatch import Dispatch
    from onehandler.serving.endpoint import Receive, Scope, Send

    App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

PAGES = ("/", "/docs", "/redoc", "/openapi.json")
_WEB_PACKAGES = ("fastapi", "pydantic", "pydantic_core", "starlette", "anyio")


class Application:
    """Protocols, and what is nobody's, straight to the handler; pages to the FastAPI application."""

    def __init__(self, dispatch: Dispatch) -> None:
        self.dispatch = dispatch
        self._endpoint = Endpoint(dispatch)
        self._pages: asyncio.Task[App] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        answer = await self._page_app() if scope["path"] in PAGES else self._endpoint
        await answer(scope, receive, send)

    async def _page_app(self) -> App:
        """The same application for every page; one import even if many ask at once."""
        if self._pages is None:
            self._pages = asyncio.ensure_future(self._import_pages())
        return await asyncio.shield(self._pages)

    async def _import_pages(self) -> App:
        # Half a second, in which predictions go on.
        return await asyncio.get_running_loop().run_in_executor(None, _page_app, self.dispatch)


def _page_app(dispatch: Dispatch) -> App:
    try:
        from onehandler.app import create_app
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _WEB_PACKAGES:
            raise
        return _no_pages
    return create_app(dispatch.handler, dispatch)


async def _no_pages(scope: Scope, _receive: Receive, send: Send) -> None:
    refused = NotFound("predictions are here, pages are not; pip install 'onehandler[web]'")
    await send_response(send, scope["method"], problem.refuse(refused))
