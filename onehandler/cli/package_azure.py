"""`onehandler package azure`."""

from __future__ import annotations

from pathlib import Path

import click

from onehandler.cli.output import as_json_option, print_json, progress, results
from onehandler.pythons import this_version


@click.command("azure")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--python", default=this_version(), show_default=True, help="Version of the app's Python.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/azure"), show_default=True)
@click.option("--remote-build", is_flag=True, help="Leave the requirements to Azure's own build.")
@as_json_option
def command(bundle: Path, python: str, out: Path, remote_build: bool, as_json: bool) -> None:
    """Build the archive that Flex Consumption takes of BUNDLE, and print the size ledger.

    \b
    onehandler package azure build/bundles/churn
    az functionapp deployment source config-zip --src build/azure/app.zip …
    """  # noqa: D301
    from layers.azure import package_azure

    with progress("building") as told:
        report = package_azure(bundle, python, out, told, remote_build=remote_build)
    if as_json:
        print_json(report.to_json())
    else:
        results().print(report.table())
