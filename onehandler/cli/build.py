"""`onehandler build`."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, errors, print_json, progress, results, warn
from onehandler.errors import OnehandlerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from onehandler.convert.build import Built, Order
    from onehandler.convert.variants import Measured

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MODEL = click.Path(exists=True, path_type=Path)


@click.command("build")
@click.argument("model", type=_MODEL)
@click.option(
    "--sample",
    type=_FILE,
    help="Rows the model was trained on: CSV with a header of feature names, or arrays by input name (.npz, .npy). "
    "Needed where the model doesn't say itself what it takes.",
)
@click.option("--holdout", type=_FILE, help="Rows it has not seen; default: every fifth of the sample.")
@click.option("--name", required=True, help="Name of the bundle: lower-case letters, digits, hyphens.")
@click.option("--target", "drop", default="", help="Column of the rows that is no feature.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="NAME:TYPE[SIZES]",
    help="What a network takes where its file doesn't say: 'pixels:float32[any,1,8,8]'. Once an input, in order.",
)
@click.option(
    "--preprocessing",
    type=_FILE,
    help="JSON: the steps that turn what clients send, an image or a text, into what the model takes (docs/bundle.md).",
)
@click.option(
    "--labels", type=_FILE, help="Names of the classes, one a line, for the scores a network gives."
)
@click.option(
    "--signature", default="", metavar="NAME", help="Of several in a TensorFlow model: the one to serve."
)
@click.option(
    "--class",
    "model_class",
    default="",
    metavar="MODULE:CLASS",
    help="Of weights alone (.pth, .safetensors): the class they belong to. Its module is imported.",
)
@click.option(
    "--class-argument",
    "arguments",
    multiple=True,
    metavar="NAME=JSON",
    help="A keyword argument of that class: 'classes=10'.",
)
@click.option(
    "--allow-pickle",
    is_flag=True,
    help="Serve a joblib, pickle or skops file that nothing converts as it is: slow to start; deployments must pin it.",
)
@click.option(
    "--allow-code",
    is_flag=True,
    help="Let Python be the model (model.py), which runs wherever it is loaded, or run a Keras file's Lambda layers.",
)
@click.option(
    "--version", default="1", show_default=True, help="Letters, digits, _ . -; part of the bundle's digest."
)
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
@click.option("--optimize", is_flag=True, help="Optimise the graph once, instead of at every start.")
@click.option(
    "--quantize",
    type=click.Choice(["dynamic", "static"]),
    default=None,
    help="Matrix products in 8-bit integers.",
)
@click.option("--yes", is_flag=True, help="Take the optimised or quantized model without asking.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an HTML page of what was built, or why not.",
)
@as_json_option
def command(  # noqa: PLR0913, PLR0917
    model: Path,
    sample: Path | None,
    holdout: Path | None,
    name: str,
    drop: str,
    inputs: tuple[str, ...],
    preprocessing: Path | None,
    labels: Path | None,
    signature: str,
    model_class: str,
    arguments: tuple[str, ...],
    allow_pickle: bool,
    allow_code: bool,
    version: str,
    tolerance: float,
    out: Path,
    optimize: bool,
    quantize: str | None,
    yes: bool,
    report: Path | None,
    as_json: bool,
) -> None:
    """Turn MODEL into a bundle, converted to ONNX and checked against the original.

    Takes scikit-learn (.joblib, .pkl, .skops), XGBoost (.json, .ubj), LightGBM (.txt), CatBoost (.cbm), PyTorch
    (.pt2, .pt, .pth and .safetensors with --class), a Hugging Face folder, TensorFlow (SavedModel
    folders, .pb, .keras, .h5, .tflite and TensorFlow.js), .onnx and .ort; and Python code (.py, with --allow-code).

    The converted model must answer every row of the sample and of the held-out rows like the original, or
    nothing is written.

    With --optimize or --quantize, size, speed and difference are shown before you are asked whether to take it.

    A joblib or pickle file runs code when it is loaded, and so may a .pt: build from files that you made or trust.

    \b
    onehandler build model.joblib --sample train.csv --target churned --name churn
    """  # noqa: D301
    # A moving line would write over the question.
    asks = bool(optimize or quantize) and not yes
    with nullcontext(errors().print) if asks else progress("loading the tools") as told:
        from onehandler.convert.build import Order, build  # imports scikit-learn: a second
        from onehandler.convert.options import parsed
        from onehandler.convert.report import report_json
        from onehandler.convert.steps import read_steps

        order = Order(
            model, sample, name, out / name, holdout, drop, version, tolerance, optimize, quantize or ""
        )
        options = replace(
            parsed(inputs, labels, model_class, arguments), allow_code=allow_code, signature=signature
        )
        order = replace(order, options=options, allow_pickle=allow_pickle)
        if preprocessing is not None:
            order = replace(order, steps=read_steps(preprocessing))
        with _reported(order, report):
            built = build(replace(order, decide=_decision(yes, as_json)), told)
    for warning in built.warnings:
        warn(warning)
    if report is not None:
        from onehandler.convert.cold_start import cold_start
        from onehandler.convert.page import report_page

        with progress("measuring the start"):
            report.write_text(report_page(built, cold_start(built.bundle)), encoding="utf-8")
    if as_json:
        print_json(report_json(built))
    else:
        _show(built)


@contextmanager
def _reported(order: Order, report: Path | None) -> Iterator[None]:
    """Write a refusal to the report, too."""
    try:
        yield
    except OnehandlerError as error:
        if report is not None:
            from onehandler.convert.page import refusal_page

            report.write_text(refusal_page(order, error), encoding="utf-8")
        raise


def _decision(yes: bool, as_json: bool) -> Callable[[Sequence[Measured]], bool]:
    """Show the figures, then ask, where somebody is there to answer."""

    def decide(forms: Sequence[Measured]) -> bool:
        from onehandler.convert.report import forms_table

        if not as_json:
            results().print(forms_table(forms))
        if yes:
            return True
        if as_json or not sys.stdin.isatty():
            warn("the model is written as converted; --yes takes the other form")
            return False
        return click.confirm("Take the last one?", err=True)

    return decide


def _show(built: Built) -> None:
    from onehandler.convert.report import parity_table, size_of

    console = results()
    if built.comparisons:
        console.print(parity_table(built.comparisons))
    if built.note:
        console.print(f"converted with {built.note}")
    console.print(
        f"{built.bundle.folder}: {size_of(built):,} bytes, digest {built.bundle.digest[:12]}", soft_wrap=True
    )
