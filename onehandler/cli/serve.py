"""`onehandler serve`."""

from __future__ import annotations

import os

import click

from onehandler.cli.output import bundle_argument


@click.command("serve")
@bundle_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 opens it to the network.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any free one."
)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes.  [default: one for each usable CPU]")
@click.option(
    "--max-batch",
    "ONEHANDLER_MAX_BATCH",
    type=click.IntRange(1, 1024),
    help="Rows of different requests that may share a run.  [default: ONEHANDLER_MAX_BATCH or 1, never]",
)
@click.option(
    "--max-wait",
    "ONEHANDLER_MAX_WAIT_MS",
    type=click.IntRange(1, 10_000),
    metavar="MS",
    help="Longest that a request waits for others.  [default: ONEHANDLER_MAX_WAIT_MS or 10]",
)
@click.option(
    "--timeout",
    "ONEHANDLER_TIMEOUT_S",
    type=click.IntRange(1, 86_400),
    metavar="SECONDS",
    help="A request that isn't answered by then gets 504.  [default: ONEHANDLER_TIMEOUT_S or never]",
)
@click.option(
    "--max-waiting",
    "ONEHANDLER_MAX_WAITING",
    type=click.IntRange(0, 1_000_000),
    help="Requests that may wait for a worker; those beyond get 503.  [default: ONEHANDLER_MAX_WAITING or 256]",
)
@click.option(
    "--drain",
    type=click.FloatRange(1, 600),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="For requests under way when it is told to end.",
)
def command(
    bundle: str,
    host: str,
    port: int,
    workers: int | None,
    drain: float,
    **settings: int | None,
) -> None:
    """Serve BUNDLE (a folder or its .tar.gz, or a folder of models) over HTTP until Ctrl-C or SIGTERM.

    Every client protocol is there; documentation is at /docs, a playground at /.

    \b
    onehandler serve build/bundles/churn
    curl localhost:8080/predict -H 'content-type: application/json' -d '{"rows": [[1, 2, 3]]}'
    """  # noqa: D301
    from onehandler.serving.listening import listening
    from onehandler.serving.startup import serve  # uvicorn and asyncio: 0.1 s

    # Options that are settings go by the names of their variables.
    environ = {**os.environ, **{name: str(value) for name, value in settings.items() if value is not None}}
    with listening(host, port) as listener:
        address = listener.getsockname()

        def ready() -> None:
            click.echo(f"serving {bundle} on http://{host}:{address[1]}/ (Ctrl-C ends it)", err=True)

        serve(bundle, environ, listener, workers=workers or 0, drain=drain, ready=ready)
