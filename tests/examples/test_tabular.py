"""The example that `make demo` trains: it runs as its docstring says, and its model becomes a bundle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd

from onehandler.convert.build import Order, build
from onehandler.handler import Handler
from onehandler.settings import Settings

ROOT = Path(__file__).parents[2]


def test_the_example_trains_and_its_bundle_recognises_patients_it_has_not_seen(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.tabular.train", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "trees on 426 patients" in done.stdout
    files = [tmp_path / name for name in ("model.joblib", "train.csv", "holdout.csv")]
    found = build(Order(files[0], files[1], "breast-cancer", tmp_path / "bundle", holdout=files[2]))
    assert {each.share_off for each in found.comparisons} == {0}
    assert {each.count for each in found.comparisons} == {426, 143}
    handler = Handler.load(found.bundle, Settings({}))
    results = list(handler.score((tmp_path / "all.csv").read_bytes(), "text/csv"))
    handler.close()
    assert [result.error for result in results] == [None] * 569
    assert len(pd.read_csv(tmp_path / "all.csv").columns) == 30
    labels = [result.prediction["label"] for result in results]
    assert set(labels) == {"benign", "malignant"}
    assert abs(labels.count("benign") - 357) <= 10  # the data set has 357
