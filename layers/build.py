"""Builds layer archives.

python -m layers.build --arch arm64 --python 3.13 --layer onnx
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console

from layers.bytecode import toolchain
from layers.cache import CACHE, built, key_of
from layers.ledger import check_direct_upload, check_limits, ledger_json, ledger_table
from layers.recipes import RECIPES
from layers.wheels import PLATFORMS, REQUIREMENTS, this_arch
from onehandler.errors import OnehandlerError
from onehandler.pythons import this_version

OUT = Path("build/aws")


def build_layer(name: str, arch: str, python: str, out: Path, cache: Path = CACHE) -> Path:
    """Build one layer, or find it built, and give its archive: OUT/layer-NAME.zip."""
    recipe = RECIPES[name]
    target = out / f"layer-{name}.zip"
    key = key_of(name, arch, python, toolchain(python), files=[REQUIREMENTS / f"{recipe.requirements}.txt"])
    built(target, key, lambda folder: recipe.build(folder, arch, python), cache)
    check_limits([target])
    return target


@click.command(help=__doc__)
@click.option("--layer", "name", type=click.Choice([*RECIPES, "all"]), default="all", show_default=True)
@click.option("--arch", type=click.Choice(list(PLATFORMS)), default=this_arch, show_default="this machine's")
@click.option("--python", default=this_version(), show_default=True, help="Version of the Lambda runtime.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(name: str, arch: str, python: str, out: Path, as_json: bool) -> None:
    """Build and print the size ledger."""
    try:
        archives = [build_layer(each, arch, python, out) for each in (RECIPES if name == "all" else [name])]
        check_direct_upload(archives)
    except OnehandlerError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print(json.dumps(ledger_json(archives)))
    else:
        Console().print(ledger_table(archives))


if __name__ == "__main__":
    main()
