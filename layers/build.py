"""Builds the layers and prints what they weigh.

python -m layers.build --arch x86_64|arm64 --python 3.13 [--layer onnx|web|batch|all] [--out build/aws] [--json]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from layers.cache import place
from layers.command import machine_arch, plain_errors, target_options, to_stderr
from layers.layer import build_layer
from layers.ledger import read_ledger
from layers.limits import check_unzipped, check_zipped
from layers.recipes import LAYERS
from layers.report import show
from layers.workshop import workshop_for

if TYPE_CHECKING:
    from pathlib import Path

    from layers.ledger import Ledger
    from layers.workshop import Workshop


@click.command(help="Build layers for AWS Lambda and print what they weigh.")
@target_options
@click.option("--layer", type=click.Choice([*LAYERS, "all"]), default="all", show_default=True)
def main(arch: str | None, python: str, out: Path, as_json: bool, layer: str) -> None:
    """Run from the command line."""
    with plain_errors():
        workshop = workshop_for(arch or machine_arch(), python, progress=to_stderr)
        names = list(LAYERS) if layer == "all" else [layer]
        ledgers = [make_layer(name, workshop, out) for name in names]
    show(ledgers, as_json=as_json)


def make_layer(name: str, workshop: Workshop, out: Path) -> Ledger:
    """Build a layer, check it against Lambda's limits and put it into `out` as layer-NAME.zip."""
    archive = build_layer(name, workshop)
    target = out / f"layer-{name}.zip"
    ledger = read_ledger(target.name, archive)
    check_zipped(ledger)
    check_unzipped(None, [ledger])
    place(archive, target)
    return ledger


if __name__ == "__main__":
    main()
