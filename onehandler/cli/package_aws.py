"""`onehandler package aws`."""

from __future__ import annotations

import platform
from pathlib import Path

import click

from onehandler.cli.output import as_json_option, print_json, progress, results
from onehandler.pythons import this_version

_HERE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


@click.command("aws")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--arch", type=click.Choice(["x86_64", "arm64"]), default=_HERE, show_default=True)
@click.option("--python", default=this_version(), show_default=True, help="Version of the Lambda runtime.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/aws"), show_default=True)
@as_json_option
def command(bundle: Path, arch: str, python: str, out: Path, as_json: bool) -> None:
    """Build the layers and the function archives for BUNDLE, and print the size ledger.

    `sls deploy` does this by itself.

    \b
    onehandler package aws build/bundles/churn --arch arm64 --python 3.13
    """  # noqa: D301
    from layers.package import package_aws

    with progress("building") as told:
        report = package_aws(bundle, arch, python, out, lambda name: told(f"building {name}"))
    if as_json:
        print_json(report.to_json())
    else:
        results().print(report.table())
