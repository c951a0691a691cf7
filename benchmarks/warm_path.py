"""The warm path: what our handler adds to the bare model, and large bodies beside the shortest program.

    python -m benchmarks.warm_path [--json]

Everything runs in this process, one thread, in blocks taken in turns. "Ours" is the whole handler, from the event as
Lambda gives it to the result as Lambda takes it, with its metrics written (to /dev/null). Answers are checked equal
before any time is taken.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from benchmarks.report import Report
from benchmarks.warm_cases import Case, cases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BLOCKS = 9
_BLOCK_S = 0.25


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(as_json: bool, save: bool) -> None:
    """Measure and print."""
    measured().tell("warm_path", as_json=as_json, save=save)


def measured() -> Report:
    """Every case, checked and then timed."""
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w") as nowhere:
        found = {}
        for case in cases(Path(folder)):
            with redirect_stdout(nowhere):  # where the metrics go
                _check(case)
                found[case] = _medians(case)
    rows = [
        {"case": case.name, "beside": case.against, "ours µs": round(ours, 1), "beside µs": round(other, 1)}
        for case, (ours, other) in found.items()
    ]
    packages = ("onnxruntime", "numpy", "orjson")
    return Report("Warm calls (medians of blocks taken in turns)", rows, ratios(found), packages)


def ratios(found: Mapping[Case, tuple[float, float]]) -> dict[str, float]:
    """`handler_added_us` is a difference in microseconds; the others are ours over the other way."""
    by_key = {case.key: pair for case, pair in found.items()}
    ours, bare = by_key.pop("handler_added_us")
    return {"handler_added_us": ours - bare, **{key: ours / other for key, (ours, other) in by_key.items()}}


def _check(case: Case) -> None:
    ours, other = case.ours(), case.other()
    if not np.allclose(ours, other, atol=1e-4):
        raise RuntimeError(f"{case.name}: the answers differ")


def _medians(case: Case) -> tuple[float, float]:
    """Microseconds of a call, each way: the median of blocks, each block's median."""
    blocks: tuple[list[float], list[float]] = ([], [])
    for _ in range(_BLOCKS):
        for call, found in zip((case.run_ours, case.run_other), blocks, strict=True):
            found.append(_block(call))
    return median(blocks[0]), median(blocks[1])


def _block(call: Callable[[], Any]) -> float:
    times = []
    end = perf_counter() + _BLOCK_S
    while (began := perf_counter()) < end:
        call()
        times.append(perf_counter() - began)
    return median(times) * 1e6


if __name__ == "__main__":
    main()
