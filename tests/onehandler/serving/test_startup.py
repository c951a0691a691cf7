"""From settings to workers: shares of the CPUs, what is imported, what the settings say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from onehandler.errors import SettingsError
from onehandler.serving.startup import Plan
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import json, sys
from onehandler.bundle import Bundle
from onehandler.message import Request
from onehandler.serving.loading import Shared
from onehandler.serving.metrics import Metrics
from onehandler.serving.settings import ServingSettings
from onehandler.settings import Settings
shared = Shared(Bundle.load(sys.argv[1]), Settings({"ONEHANDLER_THREADS": "1"}), ServingSettings())
dispatch = shared.dispatch(Metrics.alone())
request = Request("POST", "/predict", {"content-type": "application/json"}, sys.argv[2].encode())
assert dispatch.at_once(request), "the sample has shown the model to be quick"
print(json.dumps({"status": dispatch.now(request).status, "modules": sorted(sys.modules)}))
"""
NEVER = {"fastapi", "starlette", "pydantic", "numpy", "anyio", "rich", "mangum", "onnxruntime", "boto3"}


def test_a_worker_imports_no_web_framework_to_answer(tmp_path: Path) -> None:
    words = [bundles.build("iris", tmp_path), json.dumps({"rows": [ROW]})]
    environ = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=True, env=environ
    )
    found = json.loads(done.stdout)
    assert found["status"] == 200
    assert not {name.partition(".")[0] for name in found["modules"]} & NEVER


@pytest.mark.parametrize(
    ("said", "workers", "cpus", "plan"),
    [
        (None, 0, 8, Plan(8, 1)),
        (None, 3, 8, Plan(3, 2)),
        (None, 1, 8, Plan(1, 8)),
        (None, 16, 8, Plan(16, 1)),
        ("3", 2, 8, Plan(2, 3)),
    ],
)
def test_workers_times_threads_are_the_cpus(said: str | None, workers: int, cpus: int, plan: Plan) -> None:
    environ = {} if said is None else {"ONEHANDLER_THREADS": said}
    assert Plan.of(environ, workers, cpus) == plan


def test_joining_is_off_unless_said() -> None:
    assert (Settings({}).max_batch, Settings({}).max_wait) == (1, 0.01)
    settings = Settings({"ONEHANDLER_MAX_BATCH": "32", "ONEHANDLER_MAX_WAIT_MS": "5"})
    assert (settings.max_batch, settings.max_wait) == (32, 0.005)


@pytest.mark.parametrize("name", ["ONEHANDLER_MAX_BATCH", "ONEHANDLER_MAX_WAIT_MS"])
def test_nonsense_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="whole number") as caught:
        Settings({name: "0"})
    assert caught.value.where == name
