"""The switch in serverless.yml."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.local_emulator.aws.lifecycle.osls import REPOSITORY, Osls, require_osls

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.mark.parametrize(("options", "snap_start"), [([], False), (["--param=snapStart=true"], True)])
def test_only_predict_and_only_when_asked(options: Sequence[str], snap_start: bool, tmp_path: Path) -> None:
    require_osls()
    osls = Osls(REPOSITORY, "http://127.0.0.1:1", tmp_path)  # printing asks no endpoint
    done = osls.try_run("print", "--format=json", *options)
    assert done.returncode == 0, done.stderr
    functions = json.loads(done.stdout)["functions"]
    assert {name: each.get("snapStart", False) for name, each in functions.items()} == {
        "predict": snap_start,
        "batchPlan": False,
        "batchScore": False,
        "batchSweep": False,
    }
