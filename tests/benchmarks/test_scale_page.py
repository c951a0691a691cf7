"""docs/scale.md is what its generator makes of the result that is kept, and that is what the simulation gives."""

from __future__ import annotations

import json

import pytest

from benchmarks.report import RESULTS
from benchmarks.scale import cases, report
from benchmarks.simulation.job import simulate
from benchmarks.simulation.page import PAGE, page
from benchmarks.simulation.times import Times, calibrated

KEPT = json.loads((RESULTS / "scale.json").read_text())
TIMES = Times(KEPT["ratios"]["rows_per_second_of_a_core"])
CASES = cases(TIMES, 1)


def test_it_is_up_to_date() -> None:
    assert PAGE.read_text() == page(KEPT), "run python -m benchmarks.scale --save"


def test_it_is_short() -> None:
    assert len(PAGE.read_text().splitlines()) <= 120


@pytest.mark.parametrize("size", ["1e+06", "1e+08", "1e+09"])
def test_the_kept_rows_are_what_the_simulation_gives(size: str) -> None:
    chosen = {name: case for name, case in CASES.items() if name.startswith(f"{size} rows, 50")}
    some = {**chosen, "1e+09 rows, 50 at once": CASES["1e+09 rows, 50 at once"]}
    found = report({name: simulate(case) for name, case in some.items()}, TIMES)
    assert found.rows[0] == next(row for row in KEPT["rows"] if row["case"] in chosen)
    assert found.ratios == KEPT["ratios"]


def test_every_case_is_kept() -> None:
    assert [row["case"] for row in KEPT["rows"]] == list(CASES)


def test_it_is_calibrated_with_our_own_rows_a_second_of_the_largest_file() -> None:
    batch = {"rows": [_row("ours", 1.0), _row("direct", 2.0), _row("ours", 3.0), _row("direct", 4.0)]}
    assert calibrated(batch).rows_per_second == 3.0


def _row(way: str, per_second: float) -> dict[str, object]:
    return {"way": way, "rows/s": per_second}
