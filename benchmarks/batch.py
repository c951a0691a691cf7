"""Batch scoring on one core: the batch core over files beside a plain loop of csv, numpy and onnxruntime.

    python -m benchmarks.batch [--quick] [--json]

Both read the same CSV (30 features a row) with the same forest, in blocks of as many rows, each in a process of its
own, in turns, after a few thousand rows. Queues and S3 are left out: what is measured is what a core does with a chunk.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmarks.demo_model import BUNDLE, ROWS, ensure_bundle
from benchmarks.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORK = Path("build/bench/batch")
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
WAYS = ("ours", "direct")
_PACKAGES = ("onnxruntime", "numpy", "orjson")
_LONG = 1_000_000  # rows; a file as large is measured once


@click.command()
@click.option("--rounds", default=3, show_default=True, help="Runs of each, but for the largest files.")
@click.option("--largest", default=SIZES[-1], show_default=True, help="Rows of the largest file.")
@click.option("--quick", is_flag=True, help="No more than 100,000 rows.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(rounds: int, largest: int, quick: bool, as_json: bool, save: bool) -> None:
    """Measure and print."""
    ensure_bundle()
    found = {}
    for size in [each for each in SIZES if each <= (SIZES[1] if quick else largest)]:
        file = rows_file(size)
        turns = [{way: _run(way, file) for way in WAYS} for _ in range(rounds if size < _LONG else 1)]
        found[size] = {way: [turn[way] for turn in turns] for way in WAYS}
        if size >= _LONG:
            file.unlink()
    report(found).tell("batch", as_json=as_json, save=save)


def rows_file(size: int) -> Path:
    """The demo's rows over and over, with their header."""
    WORK.mkdir(parents=True, exist_ok=True)
    target = WORK / f"rows-{size}.csv"
    if not target.exists():
        header, *rows = ROWS.read_text().splitlines(keepends=True)
        with target.open("w") as file:
            file.write(header)
            for _ in range(size // len(rows)):
                file.writelines(rows)
            file.writelines(islice(rows, size % len(rows)))
    return target


def _run(way: str, file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.batching.scoring", way, str(BUNDLE), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{way} says {done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    if found["rows"] != int(file.stem.removeprefix("rows-")):
        raise RuntimeError(f"{way} gave {found['rows']} results for {file}")
    return found


def report(found: Mapping[int, Mapping[str, Sequence[Mapping[str, float]]]]) -> Report:
    """Rows a second, microseconds a row, memory; and how ours stands, and stays, from file to file."""
    cost = {
        (size, way): statistics.median(run["seconds"] / run["rows"] * 1e6 for run in runs)
        for size, ways in found.items()
        for way, runs in ways.items()
    }
    peak = {
        (size, way): max(run["peak_mb"] for run in runs)
        for size, ways in found.items()
        for way, runs in ways.items()
    }
    rows = [
        {
            "rows": f"{size:,}",
            "way": way,
            "rows/s": 1e6 / cost[size, way],
            "µs a row": cost[size, way],
            "peak MB": peak[size, way],
        }
        for size, way in cost
    ]
    ours = [cost[size, "ours"] for size in found]
    peaks = [
        peak[size, "ours"] for size in found if size > SIZES[0]
    ]  # from the first file of several chunks on
    ratios = {
        "ours_over_direct_loop": statistics.median(
            cost[size, "direct"] / cost[size, "ours"] for size in found
        ),
        "cost_per_row_spread": max(ours) / min(ours) - 1,
        "memory_growth_mb": max(peaks) - min(peaks),
    }
    return Report("Batch scoring, one core", rows, ratios, _PACKAGES)


if __name__ == "__main__":
    main()
