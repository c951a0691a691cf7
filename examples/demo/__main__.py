"""The main job, start to end, once `make setup` (step 1) is done: `python -m examples.demo`.

`--stay` keeps it up.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path

import click

from examples.demo import batch, deployment, http, model
from examples.demo.steps import console, play, run, say, step

LOG = Path("build/demo/emulator.log")


@click.command()
@click.option("--stay", is_flag=True, help="Stay up with everything deployed, until Ctrl-C.")
def main(stay: bool) -> None:
    """Train, build, package, emulate, deploy; then predict and score, or stay."""
    play(lambda: demo(stay=stay), ends=not stay)


def demo(*, stay: bool) -> None:
    """All steps in order."""
    with step(2, "Train a model on 569 patients and build its bundle"):
        model.train()
        model.build()
    with step(3, "Build the layers and the function archives"):
        command = [sys.executable, "-m", "layers.package", "--bundle", str(model.BUNDLE)]
        names = dict(word.removeprefix("--param=").split("=") for word in deployment.parameters())
        options = ["--arch", names["architecture"], "--python", names["python"], "--json"]
        ledger = json.loads(run([*command, *options], shown=False))["archives"]
        for name, sizes in ledger.items():
            say(f"{name:16} {sizes['unzipped']:>11,} bytes, {sizes['zipped']:>11,} zipped")
    with ExitStack() as running:
        with step(4, "Start the emulator"):
            endpoint = running.enter_context(deployment.emulator(LOG))
            running.enter_context(deployment.talking_to(endpoint))
        with step(5, "Deploy serverless.yml with the real osls"):
            deployed = deployment.deploy(endpoint)
        if stay:
            show_urls(deployed)
            deployment.wait_for_interrupt()
        else:
            use(deployed)


def use(deployed: deployment.Deployment) -> None:
    """The steps that a user comes for."""
    with step(6, "Predict over HTTP"):
        http.predict(f"{deployed.api}/predict", model.HOLDOUT)
    with step(7, "Score a file dropped in S3"):
        drop = model.WORK / "patients.csv"
        rows = batch.write_drop(model.ROWS, drop)
        batch.score(drop, deployed.drops, deployed.results, deployed.endpoint, rows)
    console.print("\n[bold]8. Tear down[/bold]")


def show_urls(deployed: deployment.Deployment) -> None:
    """Every URL, with a line of help for each."""
    console.print("\n[bold]Up.[/bold] Ctrl-C ends it.")
    for address, purpose in (
        (f"{deployed.api}/", "playground: fill in a form, see a prediction"),
        (f"{deployed.api}/docs", "the API's documentation"),
        (f"{deployed.api}/predict", 'POST {"rows": [[…]]} here'),
        (
            f"{deployed.api}/v1/models/{model.BUNDLE.name}:predict",
            "the same for TensorFlow Serving's clients",
        ),
        (deployed.endpoint, "AWS endpoint: export AWS_ENDPOINT_URL=" + deployed.endpoint),
        (f"s3://{deployed.drops}", "drop a .csv or .jsonl here (any key and secret will do)"),
        (f"s3://{deployed.results}", "its results appear here"),
    ):
        say(f"{address}  {purpose}")


if __name__ == "__main__":
    main()
