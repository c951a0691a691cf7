"""`onehandler emulate`."""

from __future__ import annotations

import logging
import signal
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, errors, print_json

if TYPE_CHECKING:
    from local_emulator.aws.emulator import AwsEmulator

_PORT = 4566  # where the ecosystem's tools look for an emulator


@click.command("emulate")
@click.option(
    "--port", type=click.IntRange(0, 65535), help=f"Exactly this one; default: {_PORT} or the next free."
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".emulator"),
    show_default=True,
    help="Where functions are unpacked, each run in a folder of its own.",
)
@as_json_option
def command(port: int | None, data: Path, as_json: bool) -> None:
    """Run AWS on 127.0.0.1 until Ctrl-C: Lambda, API Gateway, S3, SQS, DynamoDB, CloudFormation and what they need.

    Functions run under AWS's own runtime client, from the archives that you deploy. Nothing is kept afterwards.

    \b
    onehandler emulate
    export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    osls deploy --param="architecture=x86_64"
    """  # noqa: D301
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # Not an Event: its lock may be held by the wait that the signal interrupts, and setting it would wait for ever.
    told_to_end: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: told_to_end.put(number))
    with errors().status("starting (moto takes some seconds to import)"):
        emulator = _emulator(port, data).start()
    try:
        _tell(emulator.endpoint_url, as_json=as_json)
        told_to_end.get()
    finally:
        emulator.close()


def _emulator(port: int | None, data: Path) -> AwsEmulator:
    from local_emulator.aws.composition import EmulatorSettings
    from local_emulator.aws.emulator import AwsEmulator

    settings = EmulatorSettings(
        root=data / "aws",
        port=_PORT if port is None else port,
        search_port=port is None,
    )
    return AwsEmulator(settings)


def _tell(endpoint: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"endpoint": endpoint, "health": f"{endpoint}/_emulator/health"})
        return
    click.echo(f"AWS endpoint     export AWS_ENDPOINT_URL={endpoint}")
    click.echo(
        "Credentials      export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1"
    )
    click.echo(
        f"HTTP APIs        {endpoint}/_api/{{apiId}}/ or http://{{apiId}}.execute-api.localhost:{_port(endpoint)}/"
    )
    click.echo(f"Health           {endpoint}/_emulator/health")
    click.echo("Ctrl-C ends it, with everything that it started.")


def _port(endpoint: str) -> str:
    return endpoint.rpartition(":")[2]
