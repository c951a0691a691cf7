"""The demo's model: trained by examples/tabular, turned into a bundle by the command that users call."""

from __future__ import annotations

import sys
from pathlib import Path

from examples.demo.steps import run

WORK = Path("build/demo")
JOBLIB = WORK / "model.joblib"
SAMPLE = WORK / "train.csv"
HOLDOUT = WORK / "holdout.csv"
ROWS = WORK / "all.csv"
BUNDLE = Path("build/bundles/breast-cancer")


def train() -> None:
    """Train on scikit-learn's breast cancer data and write the model and its rows."""
    run([sys.executable, "-m", "examples.tabular.train", str(WORK)])


def build() -> None:
    """Convert, compare with the original, write the bundle."""
    options = ["--sample", str(SAMPLE), "--holdout", str(HOLDOUT), "--name", BUNDLE.name]
    run([sys.executable, "-m", "onehandler.cli.main", "build", str(JOBLIB), *options])
