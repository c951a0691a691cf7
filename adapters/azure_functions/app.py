"""The function app: which functions there are, and what starts each."""

from __future__ import annotations

import azure.functions as func

from adapters.azure_functions.http import HttpCarrier
from adapters.azure_functions.loading import Loaded
from adapters.azure_functions.settings import AppSettings
from onehandler.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_LEVELS = {
    "anonymous": func.AuthLevel.ANONYMOUS,
    "function": func.AuthLevel.FUNCTION,
    "admin": func.AuthLevel.ADMIN,
}


def function_app(environ: Mapping[str, str], storage: str) -> func.FunctionApp:
    """Make what the worker looks for in function_app.py. Raises SettingsError.

    `storage` names the module whose `connect(environ)` gives batch scoring's ports; it is imported when the first of
    its events comes, for its SDKs take half a second that no prediction shall wait for.
    """
    told, settings = AppSettings(environ), Settings(environ)
    app = func.FunctionApp(http_auth_level=_LEVELS[told.auth_level])
    loaded = Loaded(settings)
    carrier = HttpCarrier(loaded, settings.base_path)
    if told.carrier == "streaming":
        from adapters.azure_functions.streaming import add_http  # registers a server with the runtime

        add_http(app, carrier, settings.max_body)
    else:
        _add_http(app, carrier)
    if told.batch:
        from adapters.azure_functions.batch_app import add_batch  # an app for predictions alone has none

        add_batch(app, told.drops, loaded, environ, storage)
    return app


def _add_http(app: func.FunctionApp, carrier: HttpCarrier) -> None:
    """One function for every path and method: whose path it is, the core knows.

    It is no coroutine: model runs go to the worker's threads, so that they don't hold up its event loop.
    """

    @app.function_name("http")
    @app.route(route="{*path}", methods=list(func.HttpMethod))
    def http(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return carrier.answer(req, context.invocation_id)
