"""Exactly one result a row under every fault; and builds that are weaker on purpose are caught."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faulting.oracle import Verdict
from benchmarks.faulting.tokens import Tokens, planned

ROOT = Path(__file__).parents[2]
KINDS = {"kill", "hang", "lost", "500", "503", "409", "throttle", "unknown id"}


@pytest.mark.timeout(900)
def test_a_hundred_thousand_rows_under_every_fault(bundles: Path, service: Path) -> None:
    """The deployed functions, unchanged, in the emulator; in a process of its own, which sets AWS's variables."""
    options = ["--rows", "100000", "--kills", "0", "--model", str(bundles.parent), "--service", str(service)]
    command = [sys.executable, "-m", "benchmarks.faults", *options, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout)
    ratios = found["ratios"]
    assert {name: ratios[name] for name in ("lost", "doubled", "wrong", "markers")} == {
        "lost": 0,
        "doubled": 0,
        "wrong": 0,
        "markers": 1,
    }
    assert {row["fault"] for row in found["rows"]} >= KINDS
    assert ratios["kills"] >= 50
    assert ratios["retries"] > 50
    assert ratios["redrives"] >= 2
    assert ratios["dead_letters"] >= 2, "the messages that nobody understands"
    assert ratios["unconditional_build_caught"] == ratios["counter_build_caught"] == 1


def test_every_fault_is_planned_at_least_once(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    for fault, times in planned(500):
        tokens.put(fault, times)
    assert {name.rpartition(".")[2] for name in tokens.never()} == KINDS
    assert not tokens.kinds()
    kills = [token for token in tokens.folder.iterdir() if ".kill." in token.name]
    assert len(kills) >= 500
    assert tokens.redelivered() == 0
    tokens.clear()
    assert tokens.left() == 0


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(lost=1, markers=1),
        Verdict(doubled=1, markers=1),
        Verdict(wrong=1, markers=1),
        Verdict(disordered=1, markers=1),
        Verdict(miscounted=1, markers=1),
        Verdict(markers=0),
        Verdict(markers=2),
    ],
)
def test_nothing_but_all_right_is_clean(verdict: Verdict) -> None:
    assert not verdict.clean
    assert Verdict(markers=1).clean
