"""Exactly one result a row on Azure, too, whatever happens to the workers; and the weaker build is caught."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faulting.azure.inside import steps
from benchmarks.faulting.azure.stage import planned

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(900)
def test_every_fault_on_azure(bundles: Path) -> None:
    """`make test-faults` runs a hundred thousand rows; every kind of fault happens to these, too."""
    options = ["--azure", "--rows", "4000", "--kills", "0", "--model", str(bundles.parent), "--json"]
    command = [sys.executable, "-m", "benchmarks.faults", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads(done.stdout)
    ratios = found["ratios"]
    wanted = {"lost": 0, "doubled": 0, "wrong": 0, "markers": 1, "unconditional_build_caught": 1}
    assert {name: ratios[name] for name in wanted} == wanted
    assert {row["fault"] for row in found["rows"]} == {"kill", "lost", "503"}
    assert ratios["kills"] >= 30


ACCOUNT = "http://127.0.0.1:1/devstoreaccount1"


@pytest.mark.parametrize(
    ("method", "path", "body", "step"),
    [
        ("GET", "/results/a%20b.csv/j/manifest.json", b"", "get manifest"),
        ("PUT", "/results/a.csv/j/part-00001.csv", b"rows", "put part"),
        ("HEAD", "/results/a.csv/j/part-00001.csv", b"", "head part"),
        ("PUT", "/results/a.csv/j/_SUCCESS", b"", "put marker"),
        ("PUT", "/results/a.csv/j/results.csv?comp=block&blockid=x", b"", "put block"),
        ("PUT", "/results/a.csv/j/results.csv?comp=blocklist", b"", "commit"),
        ("PUT", "/results/a.csv/j/quotes/inside", b"", "put inside"),
        ("GET", "/drops/a.csv", b"", "get source"),
        ("POST", "/chunks/messages", b"", "send"),
        ("POST", "/jobs", b'{"PartitionKey": "j.00000001", "RowKey": "00000100"}', "enter chunk"),
        ("POST", "/jobs", b'{"PartitionKey": "j-groups", "RowKey": "00000001"}', "enter group"),
        ("POST", "/jobs", b'{"PartitionKey": "j", "RowKey": "job"}', "put job"),
        ("GET", "/jobs()?$filter=x", b"", "query"),
        ("GET", "/jobs(PartitionKey='j',RowKey='job')", b"", "get status"),
        ("PATCH", "/jobs(PartitionKey='open',RowKey='j')", b"", "name open"),
        ("PATCH", "/jobs(PartitionKey='j',RowKey='job')", b"", "move job"),
        ("DELETE", "/jobs(PartitionKey='open',RowKey='j')", b"", "leave open"),
    ],
)
def test_steps_are_known_by_their_requests(method: str, path: str, body: bytes, step: str) -> None:
    assert steps.step_of(method, ACCOUNT + path, body) == step


def test_faults_are_planned_for_steps_that_there_are() -> None:
    stems = [fault.stem for fault, _ in planned(100)]
    assert len(stems) == len(set(stems))
    assert sum(times for fault, times in planned(100) if fault.fault == "kill") in range(80, 120)
