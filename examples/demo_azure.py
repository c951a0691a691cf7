"""The main job on Azure, start to end, once `make setup` (step 1) is done: `python -m examples.demo_azure`."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from examples.demo import batch, http, model
from examples.demo.steps import StepFailed, console, play, run, say, step, wait_until
from local_emulator.azure.emulators import running
from local_emulator.azure.settings import Pace
from local_emulator.azure.triggers.events import EventSubscription
from local_emulator.azure.workers.environments import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure.storage.blob import ContainerClient

    from local_emulator.azure.emulator import AzureEmulator

OUT = Path("build/azure")
# What iac/azure/main.bicep sets, but for keys and for Event Grid's queue, which only Azure has.
SETTINGS = {
    "AzureWebJobsDisableHomepage": "true",
    "ONEHANDLER_AUTH_LEVEL": "anonymous",
    "ONEHANDLER_STORAGE": "UseDevelopmentStorage=true",
    "ONEHANDLER_DROPS": "event-grid",
    "ONEHANDLER_BATCH_RESULTS": "results",
    "ONEHANDLER_BATCH_QUEUE": "chunks",
    "ONEHANDLER_BATCH_LEDGER": "jobs",
}


@click.command()
def main() -> None:
    """Train, build, package, start the host; then predict over HTTP and score a dropped file."""
    play(demo)


def demo() -> None:
    """All steps in order."""
    with step(2, "Train a model on 569 patients and build its bundle"):
        model.train()
        model.build()
    with step(3, "Build the archive that Flex Consumption takes"):
        command = [sys.executable, "-m", "onehandler.cli.main", "package", "azure", str(model.BUNDLE)]
        told = run([*command, "--python", NEWEST, "--out", str(OUT), "--json"], shown=False)
        for name, sizes in json.loads(told)["archives"].items():
            say(f"{name:16} {sizes['unzipped']:>11,} bytes, {sizes['zipped']:>11,} zipped")
    with ExitStack() as deployed:
        with step(4, "Start the Functions host with it"):
            emulator = deployed.enter_context(host())
            say(f"{emulator.url}, storage: {emulator.connection_string.partition('AccountKey')[0]}…")
        with step(5, "Predict over HTTP"):
            http.predict(f"{emulator.url}/predict", model.HOLDOUT, first="first call (the worker runs)")
        with step(6, "Score a file dropped as a blob"):
            drop = model.WORK / "patients.csv"
            score(emulator.connection_string, drop, batch.write_drop(model.ROWS, drop))
        console.print("\n[bold]7. Tear down[/bold]")


@contextmanager
def host() -> Iterator[AzureEmulator]:
    """The archive on Microsoft's worker runtime, with the storage that main.bicep makes."""
    pace, events = Pace(queue_poll=0.2), [EventSubscription("plan", "drops")]
    with running(OUT / "app.zip", SETTINGS, pace=pace, subscriptions=events) as emulator:
        make_storage(emulator.connection_string)
        yield emulator


def make_storage(connection: str) -> None:
    """Containers, queue and table, as main.bicep makes them."""
    with BlobServiceClient.from_connection_string(connection) as blobs:
        for name in ("drops", "results"):
            blobs.create_container(name)
    with QueueServiceClient.from_connection_string(connection) as queues:
        queues.create_queue("chunks")
    with TableServiceClient.from_connection_string(connection) as tables:
        tables.create_table("jobs")


def score(connection: str, drop: Path, rows: int) -> None:
    """Upload, wait for the marker, print the job's blobs, some rows, the error rows and the summary."""
    with BlobServiceClient.from_connection_string(connection) as service:
        say(f"azure-storage-blob: drops.upload_blob({drop.name!r}, …)")
        service.get_blob_client("drops", drop.name).upload_blob(drop.read_bytes())
        results = service.get_container_client("results")
        wait_until(lambda: _named(results, drop, "_SUCCESS") != [], "the job's _SUCCESS", 60)
        for blob in results.list_blobs(f"{drop.name}/"):
            say(f"results/{blob.name}  {blob.size:,} bytes")
        lines = [line for name in _named(results, drop, "part-") for line in _lines(results, name)]
        batch.show(lines)
        [marker] = _named(results, drop, "_SUCCESS")
        say("summary: " + json.dumps(json.loads(_text(results, marker))))
    if len(lines) != rows:
        raise StepFailed(f"{len(lines)} results for {rows} rows")


def _named(results: ContainerClient, drop: Path, start: str) -> list[str]:
    names = sorted(blob.name for blob in results.list_blobs(f"{drop.name}/"))
    refused = [name for name in names if name.endswith("/_REFUSED")]
    if refused:
        raise StepFailed(_text(results, refused[0]))
    return [name for name in names if name.rpartition("/")[2].startswith(start)]


def _lines(results: ContainerClient, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(results, name).splitlines()))


def _text(results: ContainerClient, name: str) -> str:
    found: Any = results.download_blob(name).readall()
    text: str = found.decode()
    return text


if __name__ == "__main__":
    main()
