"""Batch scoring under every fault: kills at every step, lost answers, duplicates, throttles, a zombie.

    python -m benchmarks.faults [--rows 1000000] [--seed 1] [--kills 500] [--json]

The deployed functions run in the emulator, unchanged; a layer puts the faults between boto3 and its sockets. An
oracle then reads every version of every object in the results bucket. Two builds that are weaker on purpose, without
conditional writes and with a ledger that counts calls, are run as well: the oracle must say that they fail.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.demo_model import BUNDLE, ROWS, ensure_bundle
from benchmarks.emulated import emulator
from benchmarks.faulting.drops import Rows
from benchmarks.faulting.run import Run, of_oracle, total
from benchmarks.faulting.stage import Stage
from benchmarks.faulting.tokens import Fault, Tokens, planned
from benchmarks.report import Report
from examples.demo import deployment
from onehandler.handler import Handler
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from benchmarks.faulting.oracle import Verdict

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
LOG = Path("build/bench/faults/emulator.log")
WEAK = ("unconditional", "counter")
_CHUNKS = 800  # of the large file, at least, so that there is somebody to kill; a row has 200 bytes
_CHUNK_MB = (0.015625, 0.25)  # least and most
_SHARE = 0.5
_PACKAGES = ("boto3", "awslambdaric", "moto")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    verdicts: list[Verdict]
    kinds: Counter[str]  # faults that happened
    redelivered: int  # messages
    dead_letters: int
    redrives: int
    seconds: float


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the large file.")
@click.option(
    "--seed", default=1, show_default=True, help="Which rows are poison, and who meets which fault."
)
@click.option("--kills", default=500, show_default=True, help="Workers to kill, at least.")
@click.option(
    "--model", type=FOLDER, help="Folder with all.csv and bundles/breast-cancer.  [default: the demo's]"
)
@click.option("--azure", is_flag=True, help="On Azure's runtime and Azurite instead of Lambda's and AWS.")
@click.option("--service", type=FOLDER, default=Path(), help="Folder with serverless.yml.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(
    rows: int,
    seed: int,
    kills: int,
    model: Path | None,
    azure: bool,
    service: Path,
    as_json: bool,
    save: bool,
) -> None:
    """Run and print; the exit code is 1 where a row was lost or doubled, or a weak build passed."""
    if model is None:
        ensure_bundle()
    bundle = (model / "bundles" / BUNDLE.name if model else BUNDLE).resolve()
    if azure:
        on_azure(bundle, model / ROWS.name if model else ROWS, rows, seed, kills).tell(
            "faults_azure", as_json=as_json, save=save
        )
        return
    with staged(bundle, model / ROWS.name if model else ROWS, service) as (stage, known):
        outcome = faulty(stage, known, bundle, rows, seed, kills, told=_say)
        _say(f"{outcome.seconds:.0f} s; {total(outcome.verdicts)}")
        caught = {weak: weakened(stage, known, bundle, weak, told=_say) for weak in WEAK}
    report(outcome, caught).tell("faults", as_json=as_json, save=save)
    if not all(verdict.clean for verdict in outcome.verdicts) or any(each.clean for each in caught.values()):
        raise click.exceptions.Exit(1)


def on_azure(bundle: Path, data: Path, rows: int, seed: int, kills: int) -> Report:
    """The same on Azure; the exit code is 1 likewise."""
    from benchmarks.faulting.azure import outcome as azure  # AWS's needs none of Azure's SDKs

    # Here a kill takes a worker that many chunks share, and its start takes longer than theirs.
    found = azure.faulty(bundle, data, rows, seed, min(kills, 100), told=_say)
    _say(f"{found.seconds:.0f} s; {total(found.verdicts)}")
    weak = azure.weakened(bundle, data, told=_say)
    told = azure.report(found, weak)
    if weak.clean or not all(verdict.clean for verdict in found.verdicts):
        told.print(as_json=False)
        raise click.exceptions.Exit(1)
    return told


@contextmanager
def staged(bundle: Path, data: Path, service: Path) -> Iterator[tuple[Stage, Rows]]:
    """An emulator with the repository's own deployment, ready for faults."""
    with closing(Handler.load(str(bundle), Settings({}))) as handler:
        rows = Rows.read(handler, data)
    with emulator(service / LOG) as endpoint:
        deployment.deploy(endpoint, bundle, service)
        yield Stage.prepare(), rows


def faulty(
    stage: Stage,
    rows: Rows,
    bundle: Path,
    count: int,
    seed: int,
    kills: int,
    told: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """One run with every fault. Raises RuntimeError when a planned fault never happens."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tokens = Tokens(Path(folder))
        for fault, times in planned(kills):
            tokens.put(fault, times)
        least, most = _CHUNK_MB
        stage.haunt(tokens, seed, min(most, max(least, count * 200 / _CHUNKS / 2**20)), _SHARE)
        run = Run(stage, tokens, rows, Path(folder), str(bundle), told)
        run.main(count, seed)
        verdicts = list(run.verdicts())
        told_again = tokens.redelivered()
        seconds = time.monotonic() - began
        return Outcome(verdicts, tokens.kinds(), told_again, run.dead_letters, run.redrives, seconds)


def weakened(
    stage: Stage, rows: Rows, bundle: Path, weak: str, told: Callable[[str], None] = lambda _: None
) -> Verdict:
    """The verdict on a build that must not pass."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        tokens = Tokens(Path(folder))
        tokens.put(Fault("batchScore", "after", "put part", "lost"), 4)
        tokens.put(Fault("batchScore", "after", "enter chunk", "kill"), 4)
        stage.haunt(tokens, 1, 0.0625, 1.0, weak)
        run = Run(stage, tokens, rows, Path(folder), str(bundle), told)
        run.small(3_000 + 100 * WEAK.index(weak))
        [verdict] = run.verdicts()
        return verdict


def report(outcome: Outcome, caught: dict[str, Verdict]) -> Report:
    """Faults by kind, and what the oracle says."""
    rows = [{"fault": name, "times": str(count)} for name, count in sorted(outcome.kinds.items())]
    ratios = {
        **of_oracle(outcome.verdicts),
        "kills": outcome.kinds["kill"],
        "retries": outcome.redelivered,
        "dead_letters": outcome.dead_letters,
        "redrives": outcome.redrives,
        "seconds": outcome.seconds,
        **{f"{weak}_build_caught": float(not verdict.clean) for weak, verdict in caught.items()},
    }
    return Report("Batch scoring under faults", rows, ratios, _PACKAGES)


def _say(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
