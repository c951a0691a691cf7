"""The other lane: the FastAPI application, imported when the first such request comes."""

from __future__ import annotations

from asyncio import run
from threading import Lock

from onehandler.errors import NotFound
from onehandler.message import Response
from onehandler.protocols import problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any, Final, TypeAlias

    from adapters.azure_functions.http import LoadApp
    from onehandler.message import Request
    from onehandler.protocols import Served

    Message: TypeAlias = MutableMapping[str, Any]

_WEB_PACKAGES = ("fastapi", "pydantic", "pydantic_core", "starlette", "anyio")


def load_app(served: Served) -> Any:
    """Import the FastAPI application and make it serve what is loaded already."""
    from onehandler.app import create_app  # half a second

    return create_app(served)


class WebLane:
    """Answers what no protocol owns."""

    def __init__(self, served: Served, load: LoadApp) -> None:
        self._served: Final = served
        self._load: Final = load
        self._lock: Final = Lock()
        self._app: Any = None

    def answer(self, request: Request) -> Response:
        """Run the application on an event loop of this thread's own; it has no lifespan and keeps nothing on it."""
        with self._lock:
            if self._app is None:
                try:
                    self._app = self._load(self._served)
                except ModuleNotFoundError as error:
                    if (error.name or "").partition(".")[0] not in _WEB_PACKAGES:
                        raise
                    raised = NotFound(
                        "this deployment has predictions, but no pages; add requirements 'fastapi'"
                    )
                    return problem.refuse(raised)
        call = Call(request)
        run(self._app(call.scope, call.receive, call.send))
        return call.response


class Call:
    """One request as ASGI has it, and the response that comes of it."""

    def __init__(self, request: Request) -> None:
        self._request: Final = request
        self._parts: Final[list[bytes]] = []
        self._start: Message = {}
        self._received = False

    @property
    def scope(self) -> Message:
        """https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope."""
        request = self._request
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": request.path,
            "raw_path": request.path.encode(),
            "query_string": request.query.encode("latin-1", "replace"),
            "root_path": "",
            "headers": [
                (name.encode("latin-1"), value.encode("latin-1", "replace"))
                for name, value in request.headers.items()
            ],
            "client": None,
            "server": None,
        }

    async def receive(self) -> Message:
        """The body at once; then the client is gone, for nobody else will ever tell."""
        if self._received:
            return {"type": "http.disconnect"}
        self._received = True
        return {"type": "http.request", "body": self._request.body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Keep what the application says."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))

    @property
    def response(self) -> Response:
        """All of it, once the application has returned."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self._start["headers"]}
        return Response(self._start["status"], headers, b"".join(self._parts))
