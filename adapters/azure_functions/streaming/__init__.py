"""HTTP streaming without a web framework: the host sends requests straight to a server in the worker.

Azure's own extension (azurefunctions-extensions-http-fastapi) is FastAPI and uvicorn behind the classes that
azurefunctions.extensions.base asks of any such package; these are the same classes around 150 lines of HTTP/1.1. The
runtime looks for `WebApp` and `WebServer` in whichever module has defined them.
"""

from __future__ import annotations

from asyncio import start_server
from typing import TYPE_CHECKING, Any

import azure.functions as func
from azurefunctions.extensions import base

from adapters.azure_functions.streaming.connection import Asked, Connection
from onehandler.message import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from adapters.azure_functions.http import HttpCarrier

    Endpoint = Callable[[Asked], Awaitable[Response]]


class _Synchronizer(base.RequestSynchronizer):  # type: ignore[misc]
    """The path says all that its parameters do."""

    def sync_route_params(self, request: Asked, path_params: Mapping[str, Any]) -> None:
        """Leave them."""


class StreamedRequest(metaclass=base.RequestTrackerMeta):  # type: ignore[metaclass]
    """Tells the runtime what a function's request parameter is."""

    request_type = Asked
    synchronizer = _Synchronizer()


class StreamedResponse(metaclass=base.ResponseTrackerMeta):  # type: ignore[metaclass]
    """Tells the runtime what such a function may return."""

    label = base.ResponseLabels.STANDARD
    response_type = Response


class WebApp(base.WebApp):  # type: ignore[misc]
    """Holds the one endpoint, which matches requests with the invocations that the host announces beside them."""

    endpoint: Endpoint
    limit = 0  # bytes of a body that are kept

    def route(self, func: Endpoint) -> Endpoint:
        """Take the runtime's endpoint."""
        self.endpoint = func
        return func

    def get_app(self) -> WebApp:
        """Itself."""
        return self


class WebServer(base.WebServer):  # type: ignore[misc]
    """Serves the host alone, on the port that the runtime has chosen."""

    async def serve(self) -> None:
        """Until the worker ends."""

        async def connected(reader: Any, writer: Any) -> None:
            await Connection(reader, writer, self.web_app.endpoint, self.web_app.limit).serve()

        server = await start_server(connected, self.hostname, self.port)
        async with server:
            await server.serve_forever()


def add_http(app: func.FunctionApp, carrier: HttpCarrier, max_body: int) -> None:
    """Add the one function for every path and method; it runs on the worker's threads, as model runs do."""
    WebApp.limit = max_body

    @app.function_name("http")
    @app.route(route="{*path}", methods=list(func.HttpMethod))
    def http(req: Asked) -> Response:
        return carrier.respond(req.request(carrier.base_path))
