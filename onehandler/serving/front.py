"""What a server answers itself, and what it asks before the handler does.

GET /metrics               what its workers counted
GET /livez                 200 while this worker's event loop turns
GET /ping                  and wherever else readiness is asked for: 503 while the model doesn't answer its samples
GET /execution-parameters  how much of a batch transform it takes at once
POST                       Vertex AI's predictions, under the path that the platform chooses
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.errors import MethodNotAllowed, OnehandlerError, Unavailable
from onehandler.message import Request, Response
from onehandler.protocols import problem, vertex_ai
from onehandler.protocols.content import json_response
from onehandler.serving.exposition import exposed
from onehandler.serving.refusing import for_method

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from onehandler.protocols import Served
    from onehandler.serving.metrics import Metrics
    from onehandler.serving.settings import ServingSettings

    Own: TypeAlias = Callable[[Request], Response]

_READY = ("/ping", "/healthz", "/health")
_READING = ("GET", "HEAD")
_MEGABYTE = 1024 * 1024
_TRANSFORM_MB = 100  # MaxConcurrentTransforms * MaxPayloadInMB, by the API's reference


class Front:
    """Answers like what is served behind it, or as `answer`, if that stands between.

    `unready` says why it is not to get requests; "" if it is.
    """

    def __init__(
        self,
        served: Served,
        settings: ServingSettings,
        metrics: Metrics,
        unready: str = "",
        answer: Callable[[Request], Response] | None = None,
    ) -> None:
        self._served = served
        self._answer = answer or served.answer
        self._metrics = metrics
        self._unready = unready
        own: dict[str, Own] = {
            "/metrics": self._scraped,
            "/livez": self._alive,
            "/execution-parameters": self._transforms,
        }
        if unready:
            own |= dict.fromkeys(_READY, self._not_ready)
        if settings.health_path:
            own[settings.health_path] = self._not_ready if unready else self._ready
        if settings.predict_path:
            own[settings.predict_path] = self._predicted
        self._own = own

    def answer(self, request: Request) -> Response:
        """Answer any request; never raises."""
        return for_method(request, self._own.get(request.path, self._answer)(request))

    def _scraped(self, request: Request) -> Response:
        return _only_read(request) or exposed(self._metrics.read(), self._served.listed())

    def _alive(self, request: Request) -> Response:
        return _only_read(request) or Response(200, {"content-type": "text/plain"}, b"")

    def _transforms(self, request: Request) -> Response:
        """A request for each worker at a time; all of them together may have 100 MB, as the service has it."""
        workers = self._metrics.read().workers
        megabytes = self._served.settings.max_body // _MEGABYTE
        told = {
            "MaxConcurrentTransforms": min(workers, _TRANSFORM_MB),
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": max(1, min(megabytes, _TRANSFORM_MB // workers)),
        }
        return _only_read(request) or json_response(told)

    def _not_ready(self, _request: Request) -> Response:
        return problem.refuse(Unavailable(self._unready))

    def _ready(self, request: Request) -> Response:
        return self._served.answer(_moved(request, "/healthz"))

    def _predicted(self, request: Request) -> Response:
        return self._served.answer(_moved(request, vertex_ai.PATH))


def _only_read(request: Request) -> Response | None:
    """What to say to any other method."""
    if request.method in _READING:
        return None
    refused: OnehandlerError = MethodNotAllowed(f"this path takes {', '.join(_READING)}", allowed=_READING)
    return problem.refuse(refused)


def _moved(request: Request, path: str) -> Request:
    return Request(request.method, path, request.headers, request.body, request.query, request.request_id)
