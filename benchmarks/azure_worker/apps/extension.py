"""Our handler behind Azure's own extension for streaming, which is FastAPI and uvicorn."""

import os

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from onehandler import early

early.begin(os.environ)

from adapters.azure_functions.loading import Loaded  # noqa: E402
from onehandler.message import Request as Asked  # noqa: E402
from onehandler.settings import Settings  # noqa: E402

loaded = Loaded(Settings(os.environ))
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="{*path}")
async def http(req: Request) -> Response:
    """Answer what the core answers."""
    asked = Asked(req.method, req.url.path, dict(req.headers), await req.body())
    found = loaded().answer(asked)
    return Response(found.body, found.status, dict(found.headers))
