"""The least that an app can be: the floor."""

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="{*path}")
def empty(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001
    """Answer nothing."""
    return func.HttpResponse(b"{}", mimetype="application/json")
