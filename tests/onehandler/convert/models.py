"""Real scikit-learn models, small, by name: `save("digits", folder)` writes NAME.joblib and NAME.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from onehandler.convert.build import Built

_Made = tuple[Any, pd.DataFrame, Any]


def cancer() -> tuple[pd.DataFrame, pd.Series[Any]]:
    data = load_breast_cancer(as_frame=True)
    return data.data, data.target.map(dict(enumerate(data.target_names)))


def diabetes() -> tuple[pd.DataFrame, pd.Series[Any]]:
    data = load_diabetes(as_frame=True)
    return data.data, data.target


def people(rows: int = 300) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Whole numbers, floats, strings and booleans."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, rows),
            "yearly income": random.normal(3e4, 9e3, rows),
            "city": random.choice(["Köln", "Bonn", "Ulm"], rows),
            "member": random.random(rows) < 0.4,
        }
    )
    return frame, np.where((frame.age > 50) ^ frame.member, "stays", "leaves")


def _people_pipeline(numbers: Any) -> Any:
    by_column = ColumnTransformer(
        [
            ("numbers", numbers, ["age", "yearly income"]),
            ("city", OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("member", OneHotEncoder(), ["member"]),
        ]
    )
    return make_pipeline(by_column, LogisticRegression())


def _digits() -> _Made:
    data = load_digits(as_frame=True)
    names = data.target.map(lambda digit: f"digit {digit}")
    return RandomForestClassifier(10, random_state=0), data.data, names


def _missing_ages() -> _Made:
    frame, target = people()
    frame["age"] = frame.age.astype("Int64")
    frame.loc[::7, "age"] = pd.NA
    return _people_pipeline(make_pipeline(SimpleImputer(), StandardScaler())), frame, target


def _gaps() -> _Made:
    frame, target = cancer()
    frame = frame.mask(np.random.default_rng(0).random(frame.shape) < 0.1)
    return HistGradientBoostingClassifier(max_iter=10), frame, target


def _nameless() -> _Made:
    frame, target = cancer()
    frame.columns = pd.Index([f"column {number}" for number in range(30)])
    return make_pipeline(StandardScaler(), PCA(5), LogisticRegression()), frame, target


MODELS: dict[str, Callable[[], _Made]] = {
    "cancer": lambda: (make_pipeline(StandardScaler(), LogisticRegression()), *cancer()),
    "cancer-forest": lambda: (RandomForestClassifier(10, random_state=0), *cancer()),
    "cancer-svc": lambda: (make_pipeline(StandardScaler(), LinearSVC()), *cancer()),
    "cancer-search": lambda: (
        GridSearchCV(RandomForestClassifier(5, random_state=0), {"max_depth": [4]}, cv=2),
        *cancer(),
    ),
    "cancer-truth": lambda: (RandomForestClassifier(5, random_state=0), cancer()[0], cancer()[1] == "benign"),
    "diabetes": lambda: (make_pipeline(StandardScaler(), Ridge()), *diabetes()),
    "diabetes-forest": lambda: (
        make_pipeline(StandardScaler(), RandomForestRegressor(20, random_state=0)),
        *diabetes(),
    ),
    "diabetes-boosting": lambda: (HistGradientBoostingRegressor(max_iter=30), *diabetes()),
    "diabetes-boosting-scaled": lambda: (
        make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=30)),
        *diabetes(),
    ),
    "digits": _digits,
    "people": lambda: (_people_pipeline(StandardScaler()), *people()),
    "people-missing": _missing_ages,
    "gaps": _gaps,
    "nameless": _nameless,
    "kmeans": lambda: (
        make_pipeline(StandardScaler(), KMeans(3, n_init=1, random_state=0)),
        cancer()[0],
        None,
    ),
    "isolation": lambda: (IsolationForest(n_estimators=10, random_state=0), cancer()[0], None),
}


def save(name: str, folder: Path) -> Any:
    """Fit the model, write it and its rows; gives the fitted model."""
    model, frame, target = MODELS[name]()
    model.fit(frame.to_numpy() if name == "nameless" else frame, target)
    joblib.dump(model, folder / f"{name}.joblib")
    frame.to_csv(folder / f"{name}.csv", index=False)
    return model


def built(name: str, folder: Path, /, **order: Any) -> Built:
    """Build the bundle of a saved model into `folder/bundles/NAME`."""
    from onehandler.convert.build import Order, build

    given = {"model": folder / f"{name}.joblib", "sample": folder / f"{name}.csv", "name": name}
    return build(Order(**{**given, "target": folder / "bundles" / name, **order}))
