"""What benchmarks measure is made in a folder of theirs, whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.demo_model import BUNDLE, FOLDER, HOLDOUT, JOBLIB, ROWS, SAMPLE, build
from onehandler.bundle import Bundle

ROOT = Path(__file__).parents[2]


def test_two_processes_at_once_get_one_bundle_and_say_nothing(tmp_path: Path) -> None:
    """Their standard output is a report's: one JSON object with `--json`."""
    command = [sys.executable, "-c", "from benchmarks.demo_model import ensure_bundle; ensure_bundle()"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    at_once = [
        subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    said = [one.communicate(timeout=120)[0].decode() for one in at_once]
    assert (said, [one.returncode for one in at_once]) == (["", ""], [0, 0])
    assert [entry.name for entry in (tmp_path / FOLDER.parent).iterdir()] == [FOLDER.name]
    assert Bundle.load(str(tmp_path / BUNDLE)).name == BUNDLE.name
    assert all((tmp_path / each).stat().st_size for each in (JOBLIB, SAMPLE, HOLDOUT, ROWS))


def test_what_cannot_be_built_is_said(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"missing\.joblib"):
        build(tmp_path / "missing.joblib", tmp_path / "rows.csv", "nothing", tmp_path)
    assert list(tmp_path.iterdir()) == []
