"""Every way from a client to `Handler.answer` and back. Adding one is a function and a line in `CARRIERS`."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import azure.functions as func
import uvicorn
from azure.functions.http import HttpResponseConverter

from adapters.aws_lambda import entry_point
from adapters.aws_lambda.events import source_of
from adapters.aws_lambda.web import WebLane, load_app
from adapters.azure_functions.http import HttpCarrier
from adapters.azure_functions.web import WebLane as AzureWebLane
from onehandler.app import create_app
from onehandler.serving.asgi import Application
from onehandler.serving.dispatch import Dispatch
from onehandler.serving.express import ExpressProtocol
from onehandler.serving.front import Front
from onehandler.serving.metrics import Metrics
from onehandler.serving.settings import ServingSettings
from tests.adapters.aws_lambda.golden import KINDS, Context, body_of, event_for, headers_of
from tests.adapters.azure_functions.served import streaming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from onehandler.handler import Handler
    from onehandler.message import Request

    Carrier: TypeAlias = "Callable[[Handler, Request], Answer]"


class Answer(NamedTuple):
    """What a client gets to see."""

    status: int
    headers: dict[str, str]
    body: bytes


class Socket:
    """uvicorn serving the application on a free port, one server a handler."""

    def __init__(self) -> None:
        self._servers: dict[int, tuple[uvicorn.Server, threading.Thread, int]] = {}

    def __call__(self, handler: Handler, request: Request) -> Answer:
        if id(handler) not in self._servers:
            self._servers[id(handler)] = self._started(handler)
        connection = HTTPConnection("127.0.0.1", self._servers[id(handler)][2], timeout=30)
        try:
            connection.request(request.method, request.path, request.body or None, dict(request.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    def close(self) -> None:
        for server, thread, _ in self._servers.values():
            server.should_exit = True
            thread.join(10)

    def _started(self, handler: Handler) -> tuple[uvicorn.Server, threading.Thread, int]:
        # asyncio switches Nagle's algorithm off only where the protocol is given by number: else 40 ms a call.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(self._config(handler))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        return server, thread, listener.getsockname()[1]

    def _config(self, handler: Handler) -> uvicorn.Config:
        return uvicorn.Config(create_app(handler), log_config=None, lifespan="off")


class Container(Socket):
    """A worker of the serving container: requests answered as they are parsed, its own paths before the handler's."""

    def _config(self, handler: Handler) -> uvicorn.Config:
        told = ServingSettings(timeout=60, chunked_above=64 * 1024, predict_path="/v1/endpoints/7:predict")
        metrics = Metrics.alone()
        dispatch = Dispatch(
            handler, settings=told, metrics=metrics, answer=Front(handler, told, metrics).answer
        )
        return uvicorn.Config(
            Application(dispatch), http=ExpressProtocol, log_config=None, lifespan="off", proxy_headers=False
        )


def direct(handler: Handler, request: Request) -> Answer:
    response = handler.answer(request)
    return Answer(response.status, dict(response.headers), response.body)


def lambda_carrier(kind: str) -> Carrier:
    """The deployed entry point: the fast lane for protocols, Mangum for what is nobody's."""

    def carry(handler: Handler, request: Request) -> Answer:
        result = entry_point(handler)(event_for(kind, request), Context())
        return Answer(result["statusCode"], headers_of(result), body_of(result))

    return carry


def mangum_carrier(kind: str) -> Carrier:
    """The web lane forced, also for what the fast lane would answer."""

    def carry(handler: Handler, request: Request) -> Answer:
        event = event_for(kind, request)
        source = source_of(event)
        lane = WebLane(handler, load_app)
        result = lane.answer(source, event, Context(), source.request(event, ""))
        return Answer(result["statusCode"], headers_of(result), body_of(result))

    return carry


def azure(handler: Handler, request: Request) -> Answer:
    """The app's HTTP function, its answer as Azure's own package hands it to the host."""
    url = "https://churn.azurewebsites.example" + quote(request.path)
    headers = {name.title(): value for name, value in request.headers.items()}
    asked = func.HttpRequest(request.method, url, headers=headers, body=request.body)
    carrier = HttpCarrier(lambda: handler)
    answered = _on_a_thread(carrier.answer, asked, "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
    told = HttpResponseConverter.encode(answered, expected_type=None).value
    headers = {name.lower(): value.value for name, value in told["headers"].items()}
    return Answer(int(told["status_code"].value), headers, told["body"].value)


def _on_a_thread(call: Callable[..., Any], *given: Any) -> Any:
    """As Azure's worker calls functions. On this thread, asyncio.run would leave no event loop for Mangum."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call, *given).result()


class AzureStreaming:
    """The app's HTTP function behind the server that the host sends requests to, one server a handler."""

    def __init__(self) -> None:
        self._ports: dict[int, int] = {}
        self._running = ExitStack()

    def __call__(self, handler: Handler, request: Request) -> Answer:
        if id(handler) not in self._ports:
            carrier = HttpCarrier(lambda: handler)
            serving = streaming(lambda asked: carrier.respond(asked.request("")), handler.settings.max_body)
            self._ports[id(handler)] = self._running.enter_context(serving)
        connection = HTTPConnection("127.0.0.1", self._ports[id(handler)], timeout=30)
        try:
            body = iter([request.body[:7], request.body[7:]]) if request.body else None  # in chunks
            connection.request(request.method, quote(request.path), body, dict(request.headers))
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()

    def close(self) -> None:
        self._running.close()


def azure_web(handler: Handler, request: Request) -> Answer:
    """Azure's web lane forced, also for what the fast lane would answer."""
    response = _on_a_thread(AzureWebLane(handler, load_app).answer, request)
    return Answer(response.status, dict(response.headers), response.body)


@contextmanager
def carriers() -> Iterator[dict[str, Carrier]]:
    """All carriers but `direct`, which the others are compared with."""
    uvicorn_socket, container, azure_streaming = Socket(), Container(), AzureStreaming()
    try:
        yield {
            "uvicorn": uvicorn_socket,
            "container": container,
            **{f"lambda-{kind}": lambda_carrier(kind) for kind in KINDS},
            **{f"mangum-{kind}": mangum_carrier(kind) for kind in KINDS},
            "azure": azure,
            "azure-streaming": azure_streaming,
            "azure-web": azure_web,
        }
    finally:
        uvicorn_socket.close()
        container.close()
        azure_streaming.close()


CARRIERS = (
    "uvicorn",
    "container",
    *(f"{lane}-{kind}" for lane in ("lambda", "mangum") for kind in KINDS),
    "azure",
    "azure-streaming",
    "azure-web",
)
