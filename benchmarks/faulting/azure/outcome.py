"""Runs of the fault harness on Azure, and what they came to."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.faulting.azure.run import Run
from benchmarks.faulting.azure.stage import planned, staged
from benchmarks.faulting.drops import Rows
from benchmarks.faulting.run import of_oracle
from benchmarks.faulting.tokens import Fault, Tokens
from benchmarks.report import Report
from onehandler.handler import Handler
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from benchmarks.faulting.oracle import Verdict

_CHUNKS = 300  # of the large file, at least; a row has 200 bytes
_CHUNK_MB = (0.015625, 0.25)  # least and most
_PACKAGES = ("azure-storage-blob", "azure-storage-queue", "azure-data-tables")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to."""

    verdicts: list[Verdict]
    kinds: Counter[str]  # faults that happened
    poisoned: int  # messages that were taken back
    seconds: float


def faulty(
    bundle: Path, data: Path, count: int, seed: int, kills: int, told: Callable[[str], None] = lambda _: None
) -> Outcome:
    """One run with every fault. Raises RuntimeError when a planned fault never happens."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-azure-") as folder:
        tokens = Tokens(Path(folder))
        for fault, times in planned(kills):
            tokens.put(fault, times)
        least, most = _CHUNK_MB
        chunk_mb = min(most, max(least, count * 200 / _CHUNKS / 2**20))
        with staged(bundle, Path(folder), tokens, seed, chunk_mb, "") as stage:
            run = Run(stage, tokens, rows_of(bundle, data), Path(folder), told)
            run.main(count, seed)
            return Outcome(list(run.verdicts()), tokens.kinds(), run.poisoned, time.monotonic() - began)


def weakened(bundle: Path, data: Path, told: Callable[[str], None] = lambda _: None) -> Verdict:
    """The verdict on a build that must not pass: its writes have no condition."""
    with tempfile.TemporaryDirectory(prefix="faults-azure-") as folder:
        tokens = Tokens(Path(folder))
        tokens.put(Fault("app", "after", "put part", "lost"), 4)
        tokens.put(Fault("app", "after", "put part", "kill"), 4)
        with staged(bundle, Path(folder), tokens, 1, _CHUNK_MB[0], "unconditional") as stage:
            run = Run(stage, tokens, rows_of(bundle, data), Path(folder), told)
            run.small(3_000)
            [verdict] = run.verdicts()
            return verdict


def rows_of(bundle: Path, data: Path) -> Rows:
    """Every row with what the model says, asked without a queue or a store in between."""
    with closing(Handler.load(str(bundle), Settings({}))) as handler:
        return Rows.read(handler, data)


def report(outcome: Outcome, weak: Verdict) -> Report:
    """Faults by kind, and what the oracle says."""
    rows = [{"fault": name, "times": str(count)} for name, count in sorted(outcome.kinds.items())]
    ratios = {
        **of_oracle(outcome.verdicts),
        "kills": outcome.kinds["kill"],
        "poisoned": outcome.poisoned,
        "seconds": outcome.seconds,
        "unconditional_build_caught": float(not weak.clean),
    }
    return Report("Batch scoring under faults, on Azure", rows, ratios, _PACKAGES)
