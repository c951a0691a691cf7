"""Is it there? GET /healthz, /health and /ping. A process that answers has loaded and verified its bundle."""

from __future__ import annotations

from onehandler.protocols import problem
from onehandler.protocols.content import json_response
from onehandler.protocols.routing import ServerRoute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols import Served
    from onehandler.protocols.routing import AnyRoute, Parameters


def ready(served: Served, _request: Request, _parameters: Parameters) -> Response:
    """Name the model that is being served, or all of them."""
    models = [{"name": each.name, "version": each.version} for each in served.listed()]
    told = {"model": models[0]} if len(models) == 1 else {"models": models}
    return json_response({"status": "ready", **told})


class HealthProtocol:
    """See the module's description."""

    routes = (
        ServerRoute("GET", "/healthz", ready, "Readiness"),
        ServerRoute("GET", "/health", ready, "Readiness, under a path MLflow has"),
        ServerRoute("GET", "/ping", ready, "Readiness, under the path SageMaker, MLflow and TorchServe have"),
    )

    def refuse(self, error: OnehandlerError) -> Response:
        """Errors as RFC 9457 problem details."""
        return problem.refuse(error)

    def describe(self, _route: AnyRoute, bundle: Bundle) -> Description:
        """What `ready` answers."""
        from onehandler.openapi import Description, model_schema  # the OpenAPI document is no prediction

        return Description(response=model_schema(bundle, status={"const": "ready"}))


PROTOCOL = HealthProtocol()
