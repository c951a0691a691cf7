"""`onehandler serve`."""

from __future__ import annotations

import os
import socket

import click

from onehandler.cli.output import bundle_argument
from onehandler.errors import Unavailable


@click.command("serve")
@bundle_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 opens it to the network.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes; each opens the model.",
)
def command(bundle: str, host: str, port: int, workers: int) -> None:
    """Serve BUNDLE (a folder or its .tar.gz) over HTTP until Ctrl-C.

    Every client protocol is there; documentation is at /docs, a playground at /.

    \b
    onehandler serve build/bundles/churn
    curl localhost:8080/predict -H 'content-type: application/json' -d '{"rows": [[1, 2, 3]]}'
    """  # noqa: D301
    import uvicorn  # with FastAPI half a second

    from onehandler.bundle import Bundle

    Bundle.load(bundle)  # refuse here, in one line, rather than in every worker
    os.environ["ONEHANDLER_BUNDLE"] = os.path.abspath(bundle)  # noqa: PTH100 - workers inherit it
    with _listening(host, port) as listener:
        config = uvicorn.Config(
            "onehandler.cli.serve:create", factory=True, workers=workers, log_level="warning", lifespan="off"
        )
        address = listener.getsockname()
        click.echo(f"serving {bundle} on http://{host}:{address[1]}/ (Ctrl-C ends it)", err=True)
        if workers == 1:
            uvicorn.Server(config).run(sockets=[listener])
        else:
            from uvicorn.supervisors import Multiprocess

            Multiprocess(config, sockets=[listener]).run()


def create() -> object:
    """What each worker serves: the application over the bundle that the environment names."""
    from onehandler.app import create_app
    from onehandler.handler import Handler
    from onehandler.settings import Settings

    settings = Settings(os.environ)
    return create_app(Handler.load(settings.bundle, settings))


def _listening(host: str, port: int) -> socket.socket:
    """A socket on the address, so that a port that is taken is said here and in one line."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen()  # from here on clients wait for their answer instead of being turned away
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"cannot listen there: {error.strerror}; choose another --port (0: any free one)",
            where=f"{host}:{port}",
        ) from None
    return listener
