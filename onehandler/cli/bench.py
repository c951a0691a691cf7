"""`onehandler bench`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onehandler.cli.output import as_json_option, print_json, progress, results
from onehandler.pythons import this_version

if TYPE_CHECKING:
    from onehandler.bench.advice import Advice
    from onehandler.bench.measuring import Measured
    from onehandler.bundle import Bundle

_AT_LEAST_ONE = click.IntRange(min=1)


@click.command("bench")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--starts", type=_AT_LEAST_ONE, default=15, show_default=True, help="Cold starts.")
@click.option("--traces", type=_AT_LEAST_ONE, default=7, show_default=True, help="Traced cold starts.")
@click.option("--calls", type=_AT_LEAST_ONE, default=1000, show_default=True, help="Warm calls.")
@click.option(
    "--memory",
    type=click.IntRange(128, 10240),
    default=1769,
    show_default=True,
    help="Memory setting in MB to measure under; more than it is an error, as on Lambda.",
)
@click.option(
    "--cold-target",
    type=click.FloatRange(min=0, min_open=True),
    default=200.0,
    show_default=True,
    help="Longest cold start wanted, in ms: for the memory setting that is suggested.",
)
@click.option("--python", default=this_version(), show_default=True, help="Version of the Lambda runtime.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write a waterfall: FILE.svg.")
@as_json_option
def command(  # noqa: PLR0913, PLR0917
    bundle: Path,
    starts: int,
    traces: int,
    calls: int,
    memory: int,
    cold_target: float,
    python: str,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure BUNDLE as it would be deployed to Lambda: cold, warm, where the time goes, which memory setting.

    Builds the layers and the predict function, and runs them on this machine under AWS's own runtime client.

    \b
    onehandler bench build/bundles/churn
    onehandler bench build/bundles/churn --plot churn.svg --json
    """  # noqa: D301
    from onehandler.bench.advice import Needs, advise
    from onehandler.bench.measuring import Plan, measure
    from onehandler.bundle import Bundle
    from onehandler.cli.bench_lambda import Wanted, deployed

    _check_plot(plot)
    found = Bundle.load(str(bundle))
    with progress("building") as told, deployed(Wanted(found, python, memory), told) as function:
        measured = measure(function, Plan(starts, traces, calls), told)
    advice = advise(
        Needs(measured.cold, measured.traced.cpu_ms, measured.billed_ms, measured.peak_mb, cold_target)
    )
    if plot:
        _draw(plot, found, measured)
    _show(found, measured, advice, as_json=as_json)


def _check_plot(plot: Path | None) -> None:
    """Before minutes of measuring, not after."""
    if plot is None:
        return
    if plot.suffix.lower() != ".svg":
        raise click.BadParameter(f"'{plot}' is no .svg; SVG is what is drawn", param_hint="--plot")
    if not plot.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder '{plot.parent}'; make it first", param_hint="--plot")


def _draw(plot: Path, bundle: Bundle, measured: Measured) -> None:
    from onehandler.bench.plot import waterfall

    title = f"{bundle.name} {bundle.version}: cold start, {measured.traced.total_ms:.1f} ms traced"
    plot.write_text(waterfall(measured.traced, title), encoding="utf-8")


def _show(bundle: Bundle, measured: Measured, advice: Advice, *, as_json: bool) -> None:
    from onehandler.bench.report import tables, to_json

    if as_json:
        print_json({"bundle": bundle.name, "version": bundle.version, **to_json(measured, advice)})
        return
    console = results()
    for table in tables(measured, advice):
        console.print(table)
    console.print(f"Take {advice.suggested.memory_mb} MB:")
    for reason in advice.reasons:
        console.print(f"- {reason}", soft_wrap=True)
    console.print(
        "Estimates take a core of this machine for a Lambda vCPU.",
        soft_wrap=True,
    )
