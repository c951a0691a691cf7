"""HttpRequest to Request, Response to HttpResponse, through one of two lanes."""

from __future__ import annotations

import logging
from threading import Lock
from urllib.parse import urlsplit

import azure.functions as func

from adapters.azure_functions.paths import path_of
from onehandler.errors import MalformedBody, OnehandlerError
from onehandler.message import Request, Response

# The usual protocol is imported while the model loads on a thread of its own, not in the first call.
from onehandler.protocols import native as _usual_protocol  # noqa: F401
from onehandler.protocols import protocol_at, serves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final, TypeAlias

    from adapters.azure_functions.web import WebLane
    from onehandler.protocols import Served

    LoadApp: TypeAlias = Callable[[Served], Any]

_log = logging.getLogger("onehandler")


class HttpCarrier:
    """Answers HTTP requests with what `served` gives; `web` makes the ASGI application for all but predictions."""

    def __init__(self, served: Callable[[], Served], base_path: str = "", web: LoadApp | None = None) -> None:
        self._served: Final = served
        self.base_path: Final = base_path
        self._web: Final = web
        self._lock: Final = Lock()
        self._lane: WebLane | None = None

    def answer(self, asked: func.HttpRequest, invocation_id: str) -> func.HttpResponse:
        """Answer a request that the host has read whole."""
        request = request_of(asked, self.base_path, invocation_id)
        lost = _lost_body(request)
        response = refused(request, lost) if lost else self.respond(request)
        return func.HttpResponse(response.body, status_code=response.status, headers=dict(response.headers))

    def respond(self, request: Request) -> Response:
        """Answer a request, also if nothing can be loaded to answer it with."""
        try:
            return self._answered(request)
        except OnehandlerError as error:
            _log.error("nothing can be served: %s", error)
            return refused(request, error)

    def _answered(self, request: Request) -> Response:
        """The fast lane for paths of protocols, the web application for all others."""
        served = self._served()
        if serves(request.path):
            return served.answer(request)
        return self._web_lane(served).answer(request)

    def _web_lane(self, served: Served) -> WebLane:
        with self._lock:
            if self._lane is None:
                from adapters.azure_functions.web import WebLane, load_app  # predictions take the fast lane

                self._lane = WebLane(served, self._web or load_app)
            return self._lane


def request_of(asked: func.HttpRequest, base_path: str, invocation_id: str) -> Request:
    """The request, its path without the base path of a gateway that stands before the app."""
    url = urlsplit(asked.url)
    path = path_of(url.path, base_path)
    return Request(asked.method, path, {**asked.headers}, asked.get_body(), url.query, invocation_id)


def refused(request: Request, error: OnehandlerError) -> Response:
    """The way the path's protocol says it, as problem+json where there is none."""
    from onehandler.protocols import problem  # a cold start's first request is rarely wrong

    return (protocol_at(request.path) or problem).refuse(error)


def _lost_body(request: Request) -> MalformedBody | None:
    """What to say of a body that the host has lost: it hands one over only if its length was said.

    https://github.com/Azure/azure-functions-host/issues/4926
    """
    if request.body or "chunked" not in request.headers.get("transfer-encoding", "").lower():
        return None
    return MalformedBody(
        "a body sent in chunks doesn't get here while the app's setting ONEHANDLER_CARRIER is 'plain'; "
        "send it with content-length, or set it to 'streaming'",
        where="transfer-encoding",
    )
