"""`onehandler serve`."""

from __future__ import annotations

import os

import click


@click.command("serve")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes; each opens the model.")
def command(bundle: str, host: str, port: int, workers: int) -> None:
    """Serve BUNDLE over HTTP: every client protocol, documentation at /docs, a playground at /.

    \b
    onehandler serve build/bundles/churn
    curl localhost:8080/predict -H 'content-type: application/json' -d '{"rows": [[1, 2, 3]]}'
    """  # noqa: D301
    import uvicorn

    from onehandler.bundle import Bundle

    Bundle.load(bundle)  # refuse here, in one line, rather than in every worker
    os.environ["ONEHANDLER_BUNDLE"] = bundle
    uvicorn.run("onehandler.cli.serve:create", factory=True, host=host, port=port, workers=workers)


def create() -> object:
    """What each worker serves: the application over the bundle that the environment names."""
    from onehandler.app import create_app
    from onehandler.handler import Handler
    from onehandler.settings import Settings

    settings = Settings(os.environ)
    return create_app(Handler.load(settings.bundle, settings))
