"""Our emulator beside MiniStack (without Docker) and moto's own server.

    python -m benchmarks.emulator [--quick] [--json]

Each is started on its own and asked the same through boto3; HTTP APIs are loaded over plain connections. What an
emulator cannot do without Docker is left out of its row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from benchmarks.emulators import cases
from benchmarks.emulators.servers import EMULATORS, Emulator, started
from benchmarks.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

_PACKAGES = ("boto3", "moto", "awslambdaric")
_SHALLOW, _DEEP = 1_000, 100_000


@click.command()
@click.option("--quick", is_flag=True, help="Fewer calls of everything, and no deep queue.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(quick: bool, as_json: bool, save: bool) -> None:
    """Measure and print."""
    found = report({each.name: measured(each, quick=quick) for each in EMULATORS})
    found.tell("emulator", as_json=as_json, save=save)


def measured(emulator: Emulator, *, quick: bool) -> dict[str, float]:
    """Every figure of one emulator."""
    with started(emulator) as server:
        click.echo(f"{server.name} is up", err=True)
        found = {"boot ms": server.boot_ms, "idle MB": server.memory_mb()}
        if emulator.executes:
            cases.make_role(server)
            found |= cases.invoke(server, cold=3 if quick else 10, warm=50 if quick else 500)
            found |= cases.http_api(server, 1.0 if quick else 4.0)
        found |= cases.queue(server, _SHALLOW, 5_000 if emulator.deep and not quick else 500)
        if emulator.deep and not quick:
            found |= cases.queue(server, _DEEP, 5_000)
        found |= cases.objects(server, 5 if quick else 25)
        if emulator.executes:
            messages, within = (1_000, 15.0) if quick else (10_000, 120.0)
            found |= cases.event_source(server, messages, within)
        return {**found, "MB after all": server.memory_mb()}


def report(found: Mapping[str, Mapping[str, float]]) -> Report:
    """A row a figure, a column an emulator."""
    names = list(dict.fromkeys(name for each in found.values() for name in each))
    rows: list[dict[str, Any]] = [
        {"figure": name, **{emulator: each.get(name, "-") for emulator, each in found.items()}}
        for name in names
    ]
    ours, theirs = found["onehandler"], found["MiniStack"]
    ratios = {
        "ministack_over_ours_invoke": theirs["invoke warm ms"] / ours["invoke warm ms"],
        "ministack_over_ours_cold": theirs["invoke cold ms"] / ours["invoke cold ms"],
        "ours_over_ministack_http_16": _over(ours, theirs, "HTTP API requests/s, 16"),
        "ours_over_ministack_event_source": _over(ours, theirs, "event source messages/s"),
    }
    for depth, suffix in ((_SHALLOW, ""), (_DEEP, "_deep")):
        for name, figure in (("send", "SQS send/s at"), ("receive", "SQS receive+delete/s at")):
            if f"{figure} {depth:,}" in ours:
                ratios[f"ours_over_ministack_sqs_{name}{suffix}"] = _over(ours, theirs, f"{figure} {depth:,}")
    return Report("Emulators of AWS, without Docker", rows, ratios, _PACKAGES)


def _over(ours: Mapping[str, float], theirs: Mapping[str, float], name: str) -> float:
    return ours[name] / theirs[name]


if __name__ == "__main__":
    main()
