"""From a request to its response, whatever happens on the way. Every carrier ends here."""

from __future__ import annotations

from time import perf_counter

from onehandler.errors import NotFound, OnehandlerError
from onehandler.message import Response
from onehandler.protocols import protocol_at
from onehandler.protocols.content import require_acceptable
from onehandler.protocols.routing import allowed_methods, find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from onehandler.message import Request
    from onehandler.protocols import Protocol, Served


def answer(served: Served, request: Request) -> Response:
    """Answer a request in its path's protocol; faults become responses, never exceptions."""
    started = perf_counter()
    protocol = None
    try:
        protocol = protocol_at(request.path)
        response = _answered(served, request, protocol)
    except OnehandlerError as error:
        response = (protocol or _problem()).refuse(error)
        served.telemetry.refused(error, response.status)
    except Exception as error:  # noqa: BLE001 - the last line of defence: logged, and told without details
        response = _problem().internal(request.request_id)
        served.telemetry.failed(error, request.request_id)
    if request.method == "HEAD":
        response = Response(response.status, response.headers, b"")
    served.telemetry.answered(request, response, perf_counter() - started)
    return response


def _problem() -> ModuleType:
    from onehandler.protocols import problem  # a cold start's first request is rarely wrong

    return problem


def _answered(served: Served, request: Request, protocol: Protocol | None) -> Response:
    if protocol is None:
        raise NotFound("there is nothing at this path; POST /predict answers predictions")
    if request.method == "OPTIONS":
        return Response(204, {"allow": ", ".join(allowed_methods(protocol.routes, request.path))}, b"")
    route, parameters = find(protocol.routes, request.method, request.path)
    require_acceptable(request.headers.get("accept", ""), route.writes)
    return route.answer(served, request, parameters)
