"""`onehandler package sagemaker`."""

from __future__ import annotations

import platform
from pathlib import Path

import click

from onehandler.cli.output import as_json_option, print_json, progress, results

_HERE = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"


@click.command("sagemaker")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--arch", type=click.Choice(["x86_64", "arm64"]), default=_HERE, show_default=True)
@click.option("--python", default="3.13", show_default=True, help="Version of the image's base.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/sagemaker"), show_default=True)
@click.option("--inside", is_flag=True, help="Put the model into the image, for platforms that mount none.")
@as_json_option
def command(bundle: Path, arch: str, python: str, out: Path, inside: bool, as_json: bool) -> None:
    """Make model.tar.gz of BUNDLE, and the folder that the serving container's image is built from.

    The same image serves on Vertex AI, Azure ML, Cloud Run, Kubernetes and Hugging Face Spaces.

    \b
    onehandler package sagemaker build/bundles/churn
    docker build -t churn build/sagemaker/context
    """  # noqa: D301
    from layers.container import package_container

    with progress("building") as told:
        report = package_container(
            bundle, arch, python, out, lambda name: told(f"building {name}"), inside=inside
        )
    if as_json:
        print_json(report.to_json())
    else:
        results().print(report.table())
        click.echo(f"model  {report.model}\nimage  {report.command}")
