"""The FastAPI application: documentation, playground, and every protocol by way of `Handler.answer`.

uvicorn:  uvicorn.run(create_app(handler))
Lambda:   Mangum(create_app(handler), lifespan="off")
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response as WebResponse
from starlette.routing import Route

from onehandler import openapi, playground
from onehandler.errors import MethodNotAllowed
from onehandler.protocols import PROTOCOLS, problem
from onehandler.serving.dispatch import Dispatch
from onehandler.serving.endpoint import Endpoint, body_of, has_length, request_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request as WebRequest

    from onehandler.bundle import Bundle
    from onehandler.message import Response
    from onehandler.protocols import Served


def create_app(served: Served, dispatch: Dispatch | None = None) -> FastAPI:
    """Make the application for a handler, or several models, loaded already; it needs no lifespan.

    A server that answers protocols itself shares its `dispatch`.
    """
    bundle, *others = served.bundles()
    dispatch = dispatch or Dispatch(served)
    app = FastAPI(
        title=bundle.name, version=bundle.version, redirect_slashes=False, docs_url=None, redoc_url=None
    )
    document = openapi.document(bundle, others)
    endpoint = Endpoint(dispatch)

    def described() -> dict[str, Any]:
        return document

    async def refused(request: WebRequest, error: Exception) -> WebResponse:
        """A page's path with another method, or no path of anybody's."""
        if isinstance(error, HTTPException) and error.status_code == 405:
            allowed = tuple((error.headers or {}).get("Allow", "GET").split(", "))
            refusal = MethodNotAllowed(f"this path takes {', '.join(allowed)}", allowed=allowed)
            return _web_response(request.method, problem.refuse(refusal))
        body = await body_of(request.receive, served.settings.max_body)
        asked = request_of(request.scope, body or b"")  # nobody reads the answer to a client that has left
        return _web_response(request.method, await dispatch.answer(asked))

    app.openapi = described  # type: ignore[method-assign] # the way FastAPI documents to replace it
    for path, page in _pages(bundle, others).items():
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


def _pages(bundle: Bundle, others: Sequence[Bundle]) -> dict[str, HTMLResponse]:
    """Every page by its path.

    They name each other and the document relatively: a stage or base path before them is the client's to know.
    """
    title = escape(bundle.name)
    return {
        "/": HTMLResponse(playground.page(bundle, others)),
        "/docs": get_swagger_ui_html(openapi_url="openapi.json", title=f"{title}: API documentation"),
        "/redoc": get_redoc_html(openapi_url="openapi.json", title=f"{title}: reference"),
    }


def _always(page: HTMLResponse) -> Callable[[WebRequest], Awaitable[WebResponse]]:
    """An endpoint that answers with this page."""

    async def answer(_request: WebRequest) -> WebResponse:
        return page

    return answer


def _web_response(method: str, response: Response) -> WebResponse:
    made = WebResponse(response.body, response.status, dict(response.headers))
    if not has_length(method, response):
        del made.headers["content-length"]
    return made
