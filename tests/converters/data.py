"""Rows with gaps, whole numbers and a column whose name has a space; targets of every kind; builds of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd

from onehandler.convert.build import Built, Order, build

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400


def _rows() -> pd.DataFrame:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(ROWS, 3)), columns=["mean radius", "b", "c"])
    frame = frame.mask(random.random(frame.shape) < 0.1)
    return frame.assign(kind=random.integers(0, 40, ROWS))


X = _rows()
WHOLE = X.fillna(0.5)
BINARY = (X.b.fillna(0) + X.c.fillna(1) * (X.kind % 3 == 1) > 0).astype(int)
THREE = BINARY + X.kind % 2
NUMBER = X.b.fillna(0) * 3 + (X.kind % 5) ** 2 + 20
NAMES = np.array(["no", "ja"], dtype=object)[BINARY]


def built(model: Any, folder: Path, suffix: str = ".joblib", rows: pd.DataFrame = X) -> Built:
    """Save the model in its own way and build; the gate has compared it on every row."""
    path = folder / f"model{suffix}"
    if suffix == ".joblib":
        joblib.dump(model, path)
    else:
        model.save_model(path)
    rows.to_csv(folder / "rows.csv", index=False)
    return build(Order(path, folder / "rows.csv", "trees", folder / "out" / "trees"))


def outputs(found: Built) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.name, each.dtype.name, each.columns) for each in found.bundle.signature.outputs]


def worst(found: Built) -> float:
    return max(each.worst for each in found.comparisons)
