"""Builds everything that serverless.yml deploys.

python -m layers.package --bundle build/bundles/churn --arch arm64 --python 3.13
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from layers.build import OUT, build_layer
from layers.function import FUNCTIONS, build_function
from layers.ledger import check_limits, ledger_json, ledger_table
from layers.recipes import RECIPES
from layers.wheels import PLATFORMS, this_arch
from onehandler.errors import OnehandlerError
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from rich.table import Table


@dataclass(frozen=True, slots=True)
class PackageReport:
    """The archives that were built or found built."""

    archives: tuple[Path, ...]

    def table(self) -> Table:
        """The size ledger for people."""
        return ledger_table(self.archives)

    def to_json(self) -> dict[str, Any]:
        """The size ledger as one object."""
        return ledger_json(self.archives)


def package_aws(
    bundle: Path,
    arch: str,
    python: str,
    out: Path = OUT,
    told: Callable[[str], None] = lambda _: None,
    location: str = "",
    extra: Collection[str] = (),
) -> PackageReport:
    """Build all layers and functions; quick where nothing changed. `told` hears each archive's name.

    With a `location` (s3://…) the functions fetch the bundle from there, and the archives hold none. `extra` names
    layers that are built only where they are asked for.
    """
    layers: dict[str, Path] = {}
    for name in [name for name, recipe in RECIPES.items() if not recipe.asked or name in extra]:
        told(f"layer-{name}.zip")
        layers[name] = build_layer(name, arch, python, out)
    functions = []
    for name, function in FUNCTIONS.items():
        told(f"{name}.zip")
        given = {layer: layers[layer] for layer in function.layers}
        functions.append(build_function(function, bundle, python, given, out, location=location))
        # Nothing but batch functions reads Parquet; see iac/serverless-onehandler.js.
        asked = [layers[layer] for layer in extra if layer != "parquet" or "batch" in given]
        check_limits([functions[-1], *given.values(), *asked])
    return PackageReport((*layers.values(), *functions))


@click.command(help=__doc__)
@click.option("--bundle", type=click.Path(path_type=Path), required=True, help="Folder of the bundle.")
@click.option("--arch", type=click.Choice(list(PLATFORMS)), default=this_arch, show_default="this machine's")
@click.option("--python", default=this_version(), show_default=True, help="Version of the Lambda runtime.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, show_default=True)
@click.option("--location", default="", help="Where functions fetch the bundle: s3://… by 'onehandler push'.")
@click.option("--parquet", is_flag=True, help="Also the layer with pyarrow, for batch files in Parquet.")
@click.option("--image", is_flag=True, help="Also the layer with Pillow, for bundles that take images.")
@click.option("--text", is_flag=True, help="Also the layer with tokenizers, for bundles that take texts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    bundle: Path, arch: str, python: str, out: Path, location: str, as_json: bool, **asked: bool
) -> None:
    """Build and print the size ledger."""
    console = Console(stderr=True)
    try:
        with console.status("building") as status:
            report = package_aws(
                bundle,
                arch,
                python,
                out,
                lambda name: status.update(f"building {name}"),
                location,
                [name for name, wanted in asked.items() if wanted],
            )
    except OnehandlerError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        print(json.dumps(report.to_json()))
    else:
        Console().print(report.table())


if __name__ == "__main__":
    main()
