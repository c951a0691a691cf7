"""`onehandler build` in a process of its own: what TensorFlow says of itself stays out of it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.converters.tensorflow.models import dense, exported

if TYPE_CHECKING:
    from pathlib import Path


def test_it_builds_and_says_nothing_else(tmp_path: Path) -> None:
    folder = exported(dense(), tmp_path / "model")
    words = ["build", str(folder), "--name", "m", "--out", str(tmp_path / "out"), "--json"]
    words += ["--signature", "serving_default", "--report", str(tmp_path / "page.html")]
    done = subprocess.run(
        [sys.executable, "-m", "onehandler.cli.main", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert json.loads(done.stdout)["parity"][0]["share_off"] == 0
    assert "output_0" in (tmp_path / "page.html").read_text()


def test_options_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    folder = exported(dense(), tmp_path / "model")
    words = ["build", str(folder), "--name", "m", "--class", "a:B"]
    done = subprocess.run(
        [sys.executable, "-m", "onehandler.cli.main", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--class: means nothing for this file" in done.stderr
