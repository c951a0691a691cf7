"""`onehandler build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, print_json, progress, results, warn

if TYPE_CHECKING:
    from onehandler.convert.build import Built

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("build")
@click.argument("model", type=_FILE)
@click.option(
    "--sample",
    type=_FILE,
    help="CSV of rows the model was trained on, with a header of feature names. Only .onnx can do without.",
)
@click.option(
    "--holdout", type=_FILE, help="CSV of rows it has not seen; default: every fifth of the sample."
)
@click.option("--name", required=True, help="Name of the bundle: lower-case letters, digits, hyphens.")
@click.option("--target", "drop", default="", help="Column of the rows that is no feature.")
@click.option("--version", default="1", show_default=True, help="Any text; part of the bundle's digest.")
@click.option(
    "--tolerance",
    type=click.FloatRange(0, min_open=True),
    default=1e-4,
    show_default=True,
    help="Largest difference from the original: this times (1 + its answer). Labels must be equal.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/bundles"),
    show_default=True,
    help="Folder that the bundle's folder goes into; a bundle of the same name is replaced.",
)
@as_json_option
def command(  # noqa: PLR0913, PLR0917
    model: Path,
    sample: Path | None,
    holdout: Path | None,
    name: str,
    drop: str,
    version: str,
    tolerance: float,
    out: Path,
    as_json: bool,
) -> None:
    """Turn MODEL (.joblib, .pkl or .onnx) into a bundle, converted to ONNX and checked against the original.

    The converted model must answer every row of the sample and of the held-out rows like the original, or
    nothing is written.

    A joblib or pickle file runs code when it is loaded: build from files that you made or trust.

    \b
    onehandler build model.joblib --sample train.csv --target churned --name churn
    """  # noqa: D301
    with progress("loading the tools") as told:
        from onehandler.convert.build import Order, build  # imports scikit-learn: a second
        from onehandler.convert.report import report_json

        built = build(Order(model, sample, name, out / name, holdout, drop, version, tolerance), told)
    for warning in built.warnings:
        warn(warning)
    if as_json:
        print_json(report_json(built))
    else:
        _show(built)


def _show(built: Built) -> None:
    from onehandler.convert.report import parity_table, size_of

    console = results()
    if built.comparisons:
        console.print(parity_table(built.comparisons))
    if built.note:
        console.print(f"converted with {built.note}: the plain way answered differently or failed")
    console.print(
        f"{built.bundle.folder}: {size_of(built):,} bytes, digest {built.bundle.digest[:12]}", soft_wrap=True
    )
