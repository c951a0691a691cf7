"""From trained model to SageMaker, once `make setup` (step 1) is done: `python -m examples.demo_sagemaker`."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from examples.demo import deployment, model
from examples.demo.steps import StepFailed, console, play, run, say, step
from examples.demo_sagemaker import endpoint, files

LOG = Path("build/demo/emulator.log")
OUT = Path("build/sagemaker")


@click.command()
def main() -> None:
    """Train, build, package; then an endpoint, a transform job and an asynchronous answer."""
    play(demo)


def demo() -> None:
    """All steps in order."""
    with step(2, "Train a model on 569 patients and build its bundle"):
        model.train()
        model.build()
    with step(3, "Package model.tar.gz and the container's context"):
        command = ["package", "sagemaker", str(model.BUNDLE), "--out", str(OUT), "--json"]
        run([sys.executable, "-m", "onehandler.cli.main", *command], shown=False)
        archive = OUT / "model.tar.gz"
        say(f"{archive}  {archive.stat().st_size:,} bytes")
    with ExitStack() as running:
        with step(4, "Start the emulator"):
            url = running.enter_context(deployment.emulator(LOG))
        running.enter_context(deployment.talking_to(url))
        use(archive)
        console.print("\n[bold]8. Tear down[/bold]")


def use(archive: Path) -> None:
    """The steps that a user comes for."""
    with step(5, "CreateModel, CreateEndpoint: the serving process starts with the model from S3"):
        deployed = endpoint.create(archive)
    with step(6, "InvokeEndpoint with boto3"):
        endpoint.ask(deployed, model.HOLDOUT)
    with step(7, "Batch transform of a file, then an asynchronous answer"):
        rows = len(model.ROWS.read_bytes().splitlines()) - 1  # without the header
        counts = files.transform(deployed, model.ROWS), files.later(deployed, model.ROWS)
        say(json.dumps({"rows": rows, "transformed": counts[0], "answered later": counts[1]}))
        if set(counts) != {rows}:
            raise StepFailed(f"{counts[0]} and {counts[1]} answers for {rows} rows")


if __name__ == "__main__":
    main()
