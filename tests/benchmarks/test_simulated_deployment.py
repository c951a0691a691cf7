"""What the simulation takes for the deployment is what is deployed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from adapters.dynamodb import CHUNKS_AN_ITEM
from benchmarks.simulation import times
from benchmarks.simulation.case import Case
from benchmarks.simulation.limits import Limits
from benchmarks.simulation.times import Times
from onehandler.batch import sweep
from onehandler.batch.inputs import lines
from onehandler.batch.plan import CHUNK_BYTES

LIMITS = Limits()
ROOT = Path(__file__).parents[2]
SERVICE: dict[str, Any] = yaml.safe_load((ROOT / "serverless.yml").read_text())
RESOURCES: dict[str, Any] = yaml.safe_load((ROOT / "iac/aws/batch.yml").read_text())["Resources"]


def test_queues() -> None:
    drops, chunks = (RESOURCES[name]["Properties"] for name in ("DropsQueue", "ChunksQueue"))
    assert drops["VisibilityTimeout"] == LIMITS.plan_visibility
    assert chunks["VisibilityTimeout"] == LIMITS.visibility
    assert {queue["RedrivePolicy"]["maxReceiveCount"] for queue in (drops, chunks)} == {LIMITS.receives}


def test_functions() -> None:
    params, functions = SERVICE["params"]["default"], SERVICE["functions"]
    assert params["memory"] == LIMITS.score_memory
    assert params["architecture"] == "arm64"  # as simulation/prices.py has it
    assert params["scoreConcurrency"] == LIMITS.maximum_concurrency
    assert functions["batchPlan"]["memorySize"] == functions["batchSweep"]["memorySize"] == LIMITS.plan_memory
    assert SERVICE["custom"]["planTimeout"] == LIMITS.plan_timeout
    assert SERVICE["custom"]["sweepTimeout"] == LIMITS.sweep_timeout
    [event] = functions["batchSweep"]["events"]
    assert event["schedule"]["rate"] == [f"rate({LIMITS.sweep_every / 60:.0f} minutes)"]


def test_batch() -> None:
    assert Case(1, Times(1.0)).chunk_bytes == CHUNK_BYTES
    assert LIMITS.chunks_an_item == CHUNKS_AN_ITEM
    assert LIMITS.stalled == sweep.STALLED
    assert LIMITS.resends == sweep._RESENDS
    assert times._READ_BYTES == lines._READ
