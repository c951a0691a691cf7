"""How batch scoring grows, simulated: files of 10^6 to 10^10 rows on AWS, by its documented limits and list prices.

    python -m benchmarks.scale [--seed N] [--json] [--save]

A discrete-event simulation (benchmarks/simulation) of plan, queue, event source mapping, score function and ledger.
Scoring takes what benchmarks.batch measured; what AWS's network takes is assumed (simulation/times.py). `--save` writes
docs/scale.md, too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from benchmarks.report import RESULTS, Report
from benchmarks.simulation.case import MEBIBYTE, Case
from benchmarks.simulation.job import Outcome, simulate
from benchmarks.simulation.limits import Limits
from benchmarks.simulation.page import PAGE, page
from benchmarks.simulation.prices import dollars
from benchmarks.simulation.services import item_units
from benchmarks.simulation.times import Times, calibrated

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS = (10**6, 10**8, 10**9)
CONCURRENCY = (50, 200, 1000)
_MOST_ROWS = 10**10
_LARGE_CHUNKS = 64 * MEBIBYTE  # the most that ONEHANDLER_BATCH_CHUNK_MB takes


@click.command()
@click.option("--seed", default=1, show_default=True, help="Of all that is drawn.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results, and write docs/scale.md.")
def main(seed: int, as_json: bool, save: bool) -> None:
    """Simulate and print."""
    times = calibrated(json.loads((RESULTS / "batch.json").read_text()))
    found = report({name: simulate(case) for name, case in cases(times, seed).items()}, times)
    found.tell("scale", as_json=as_json, save=save)
    if save:
        PAGE.write_text(page(found.object()))


def cases(times: Times, seed: int) -> dict[str, Case]:
    """By name, in the order of the page: sizes by concurrency, then what bends the design."""
    plain = {
        f"{rows:.0e} rows, {most} at once": Case(rows, times, _limits(most), seed=seed)
        for rows in ROWS
        for most in CONCURRENCY
    }
    large, huge = plain["1e+09 rows, 1000 at once"], Case(_MOST_ROWS, times, _limits(200), seed=seed)
    bending = {
        "1 invocation in 1,000 dies": replace(
            plain["1e+09 rows, 50 at once"], failures=1e-3, duplicates=1e-4
        ),
        "ramp of 60 a minute": replace(large, limits=replace(large.limits, ramp=1.0)),
        "300 left of the account's 1,000": replace(
            large, limits=replace(large.limits, account_concurrency=300)
        ),
        "1e+10 rows, 200 at once": huge,
        "1e+10 rows, 200 at once, 64 MiB": replace(huge, chunk_bytes=_LARGE_CHUNKS),
        "1e+10 rows, 1000 at once, 64 MiB": replace(huge, limits=_limits(1000), chunk_bytes=_LARGE_CHUNKS),
    }
    return {**plain, **bending}


def _limits(most: int) -> Limits:
    return Limits(maximum_concurrency=most)


def report(outcomes: Mapping[str, Outcome], times: Times) -> Report:
    """A line a case, and where the lines are that the design bends at."""
    rows = [_row(name, outcome) for name, outcome in outcomes.items()]
    largest = next(outcome for name, outcome in outcomes.items() if name.startswith("1e+09"))
    return Report("Batch jobs on AWS, simulated", rows, _ratios(largest.case, _dollars(largest), times))


def _row(name: str, outcome: Outcome) -> dict[str, Any]:
    tally = outcome.tally
    held_up_by, share = outcome.held_up_by
    return {
        "case": name,
        "chunks": outcome.case.chunks,
        "wall s": "never" if outcome.seconds is None else round(outcome.seconds, 1),
        "instance-seconds": round(tally.score_seconds),
        "USD": round(_dollars(outcome), 4),
        "running": tally.peak_running,
        "in flight": tally.peak_in_flight,
        "cold starts": tally.cold_starts,
        "retries": tally.redelivered,
        "repeated": tally.repeated,
        "throttled": sum(tally.throttled.values()),
        "plans": tally.plans,
        "sweeps": tally.sweeps,
        "held up by": f"{held_up_by}, {share:.0%}",
    }


def _dollars(outcome: Outcome) -> float:
    limits = outcome.case.limits
    return sum(dollars(outcome.tally, limits.plan_memory, limits.score_memory).values())


def _ratios(case: Case, spent: float, times: Times) -> dict[str, float]:
    limits, chunk = case.limits, times.chunk(case.rows_a_chunk)
    units = [item_units(chunks + 1, case.chunks) for chunks in range(limits.chunks_an_item)]
    by_ledger = limits.ledger_writes * len(units) / sum(units)
    return {
        "rows_per_second_of_a_core": times.rows_per_second,
        "chunk_seconds": chunk,
        "chunk_overhead_share": 1 - case.rows_a_chunk / times.rows_per_second / chunk,
        "usd_per_million_rows": spent / case.rows * 1e6,
        "plan_chunks": int(limits.plan_timeout / times.send(limits.plan_memory)) * 10,
        "ledger_units_largest": max(units),
        "ledger_chunks_per_second": by_ledger,
        "ledger_concurrency": by_ledger * chunk,
        "s3_reads_share_at_1000": 1000 / chunk * times.reads(case.rows_a_chunk) / limits.s3_reads,
        "failures_per_second_to_in_flight_limit": limits.in_flight / limits.visibility,
    }


if __name__ == "__main__":
    main()
