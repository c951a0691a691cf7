"""The FastAPI application: documentation, playground, and every protocol by way of `Handler.answer`.

uvicorn:  uvicorn.run(create_app(handler))
Lambda:   Mangum(create_app(handler), lifespan="off")
"""

from __future__ import annotations

from html import escape
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.requests import Request as WebRequest
from starlette.responses import Response as WebResponse
from starlette.routing import Route

from onehandler import openapi, playground
from onehandler.errors import MethodNotAllowed
from onehandler.message import Request, Response
from onehandler.protocols import PROTOCOLS, problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import Receive, Scope, Send

    from onehandler.bundle import Bundle
    from onehandler.handler import Handler

_SMALL = 16 * 1024  # bytes of a body
_QUICK = 0.0005  # seconds


def create_app(handler: Handler) -> FastAPI:
    """Make the application for a handler that is loaded already; it needs no lifespan."""
    bundle = handler.bundle
    app = FastAPI(
        title=bundle.name, version=bundle.version, redirect_slashes=False, docs_url=None, redoc_url=None
    )
    document = openapi.document(bundle)
    endpoint = Endpoint(handler)

    def described() -> dict[str, Any]:
        return document

    async def refused(request: WebRequest, error: Exception) -> WebResponse:
        """A page's path with another method, or no path of anybody's."""
        if isinstance(error, HTTPException) and error.status_code == 405:
            allowed = tuple((error.headers or {}).get("Allow", "GET").split(", "))
            refusal = MethodNotAllowed(f"this path takes {', '.join(allowed)}", allowed=allowed)
            return _web_response(request.method, problem.refuse(refusal))
        return await endpoint.respond(request)

    app.openapi = described  # type: ignore[method-assign] # the way FastAPI documents to replace it
    for path, page in _pages(bundle).items():
        app.add_route(path, _always(page), methods=["GET", "HEAD"], include_in_schema=False)
    # An endpoint that isn't a function takes every method: the protocols themselves say which they know.
    # Predictions stand before the pages, as routes are tried in order.
    app.router.routes[:0] = [
        Route(f"/{segment}{rest}", endpoint, include_in_schema=False)
        for segment in PROTOCOLS
        for rest in ("", "/{rest:path}")
    ]
    app.add_exception_handler(HTTPException, refused)
    return app


def _pages(bundle: Bundle) -> dict[str, HTMLResponse]:
    """Every page by its path.

    They name each other and the document relatively: a stage or base path before them is the client's to know.
    """
    title = escape(bundle.name)
    return {
        "/": HTMLResponse(playground.page(bundle)),
        "/docs": get_swagger_ui_html(openapi_url="openapi.json", title=f"{title}: API documentation"),
        "/redoc": get_redoc_html(openapi_url="openapi.json", title=f"{title}: reference"),
    }


def _always(page: HTMLResponse) -> Callable[[WebRequest], Awaitable[WebResponse]]:
    """An endpoint that answers with this page."""

    async def answer(_request: WebRequest) -> WebResponse:
        return page

    return answer


class Endpoint:
    """One ASGI endpoint for all protocols.

    Answers come from a worker thread, for a model run would hold up every other request on the event loop.
    But handing over takes 0.3 ms: small requests to a model that has been quicker than that stay on the loop.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._seconds = 10 * _QUICK  # moving average over small requests; slow until shown to be quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        try:
            response = await self.respond(WebRequest(scope, receive))
        except ClientDisconnect:  # nobody is left to answer
            return
        await response(scope, receive, send)

    async def respond(self, web: WebRequest) -> WebResponse:
        """Read the body as far as it may go, and answer."""
        body = await _body(web, self._handler.settings.max_body)
        path, query = web.scope["path"], web.scope["query_string"].decode("latin-1")
        request = Request(web.method, path, _headers(web), body, query, token_hex(8))
        if len(body) <= _SMALL and self._seconds < _QUICK:
            response = self._timed(request)
        else:
            response = await run_in_threadpool(self._timed, request)
        return _web_response(web.method, response)

    def _timed(self, request: Request) -> Response:
        started = perf_counter()
        response = self._handler.answer(request)
        if len(request.body) <= _SMALL:
            self._seconds += (perf_counter() - started - self._seconds) / 5
        return response


async def _body(web: WebRequest, limit: int) -> bytes:
    """The body, or its first `limit` + 1 bytes, which are enough to refuse it."""
    parts = []
    size = 0
    async for part in web.stream():
        parts.append(part)
        size += len(part)
        if size > limit:
            break
    return b"".join(parts)[: limit + 1]


def _headers(web: WebRequest) -> dict[str, str]:
    """Names come in lower case; repeated ones are joined."""
    found: dict[str, str] = {}
    for name, value in web.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _web_response(method: str, response: Response) -> WebResponse:
    headers = dict(response.headers)
    made = WebResponse(response.body, response.status, headers)
    if method == "HEAD":
        del made.headers["content-length"]  # it would be that of the missing body
    return made
