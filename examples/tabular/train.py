"""Train a classifier on scikit-learn's breast cancer data (569 patients, 30 features, 2 classes).

    python -m examples.tabular.train build/demo

Writes model.joblib, and the rows as CSV with feature names: train.csv, holdout.csv and all.csv.
"""

from __future__ import annotations

import sys
from pathlib import Path

import joblib
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

TREES = 100


def main(folder: Path) -> None:
    """Train, say how well, write."""
    print("training on scikit-learn's breast cancer data")
    data = load_breast_cancer(as_frame=True)
    diagnosis = data.target.map(dict(enumerate(data.target_names)))
    train, holdout, train_diagnosis, holdout_diagnosis = train_test_split(
        data.data, diagnosis, test_size=0.25, random_state=0, stratify=diagnosis
    )
    model = RandomForestClassifier(TREES, random_state=0).fit(train, train_diagnosis)
    accuracy = model.score(holdout, holdout_diagnosis)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "model.joblib")
    for name, rows in (("train", train), ("holdout", holdout), ("all", data.data)):
        rows.to_csv(folder / f"{name}.csv", index=False)
    size = (folder / "model.joblib").stat().st_size
    print(f"{TREES} trees on {len(train)} patients, right on {accuracy:.1%} of {len(holdout)} others")
    print(f"{folder / 'model.joblib'}: {size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
