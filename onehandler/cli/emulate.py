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

_PORT = 4566  # where the ecosystem's tools look for an emulator; Azure's is 7071


@click.command("emulate")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Exactly this one; default: {_PORT}, 7071 with --azure, or the next free.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".emulator"),
    show_default=True,
    help="Where functions are unpacked, each run in a folder of its own.",
)
@click.option(
    "--azure",
    type=click.Path(exists=True, path_type=Path),
    is_flag=False,
    flag_value=Path(),
    help="Not AWS but an Azure Functions app: a folder or a deployment zip (default: here), over Azurite.",
)
@click.option(
    "--setting", "settings", multiple=True, metavar="NAME=VALUE", help="An app setting, with --azure."
)
@click.option(
    "--events",
    multiple=True,
    metavar="TARGET=CONTAINER[/PREFIX]",
    help="Send the events of a container's blobs to an Event Grid function, or to queue:NAME, with --azure.",
)
@click.option(
    "--image",
    "images",
    multiple=True,
    metavar="URI=FOLDER",
    help="Run a SageMaker image itself, under bubblewrap: its name and an OCI runtime bundle of it.",
)
@as_json_option
def command(
    port: int | None,
    data: Path,
    azure: Path | None,
    settings: tuple[str, ...],
    events: tuple[str, ...],
    images: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run AWS on 127.0.0.1 until Ctrl-C: Lambda, API Gateway, S3, SQS, DynamoDB, CloudFormation and what they need.

    Functions run under AWS's own runtime client, from the archives that you deploy. Nothing is kept afterwards.
    With --azure it is an Azure Functions host instead, which runs one app under Microsoft's own worker runtime.

    \b
    onehandler emulate
    export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
    osls deploy --param="architecture=x86_64"
    """  # noqa: D301
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    told_to_end = _end_signals()
    if azure is not None:
        if images:
            raise click.UsageError("--image is about SageMaker, which is not run with --azure")
        from onehandler.cli.emulate_azure import AzureWish, run  # only for who asks for it

        run(AzureWish(azure, port, data / "azure", settings, events), told_to_end, as_json=as_json)
        return
    if settings or events:
        raise click.UsageError("--setting and --events are about an Azure app: give it with --azure")
    with errors().status("starting (moto takes some seconds to import)"):
        emulator = _emulator(port, data, images).start()
    try:
        _tell(emulator.endpoint_url, as_json=as_json)
        told_to_end.get()
    finally:
        emulator.close()


def _end_signals() -> SimpleQueue[int]:
    """Give a queue that gets the signal which is to end the command."""
    # Not an Event: its lock may be held by the wait that the signal interrupts, and setting it would wait for ever.
    told_to_end: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: told_to_end.put(number))
    return told_to_end


def _emulator(port: int | None, data: Path, images: tuple[str, ...]) -> AwsEmulator:
    from local_emulator.aws.composition import EmulatorSettings
    from local_emulator.aws.emulator import AwsEmulator
    from local_emulator.sagemaker.images import RootFileSystem

    settings = EmulatorSettings(
        root=data / "aws",
        port=_PORT if port is None else port,
        search_port=port is None,
        images={name: RootFileSystem.of_bundle(folder) for name, folder in map(_image, images)},
    )
    return AwsEmulator(settings)


def _image(given: str) -> tuple[str, Path]:
    name, separator, folder = given.partition("=")
    if not (name and separator and folder):
        raise click.UsageError(f"--image takes URI=FOLDER, got {given!r}")
    return name, Path(folder)


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
