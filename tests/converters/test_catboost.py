"""CatBoost: its own export, mended; what the export would get wrong in silence is cured or refused."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import catboost as cb
import onnxruntime
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onehandler.errors import ConversionError
from tests.converters.data import BINARY, NAMES, NUMBER, ROWS, THREE, WHOLE, X, built, outputs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

import numpy as np

_SMALL = {"iterations": 9, "depth": 3, "verbose": 0, "allow_writing_files": False, "thread_count": 1}


def classifier(**settings: Any) -> Any:
    return cb.CatBoostClassifier(**{**_SMALL, **settings})


def regressor(**settings: Any) -> Any:
    return cb.CatBoostRegressor(**{**_SMALL, **settings})


def stopped_early() -> Any:
    half = ROWS // 2
    model = classifier(iterations=300, early_stopping_rounds=3)
    return model.fit(X[:half], THREE[:half], eval_set=(X[half:], THREE[half:]))


LOSSES = (
    "Poisson",
    "Tweedie:variance_power=1.5",
    "MAE",
    "Quantile:alpha=0.3",
    "MAPE",
    "Huber:delta=1",
    "LogCosh",
)
MODELS: dict[str, Callable[[], Any]] = {
    "binary": lambda: classifier().fit(X, BINARY),
    "names": lambda: classifier().fit(X, NAMES),
    "three classes": lambda: classifier().fit(X, THREE),
    "one against all": lambda: classifier(objective="MultiClassOneVsAll").fit(X, THREE),
    "stopped early": stopped_early,
    "regression": lambda: regressor().fit(X, NUMBER),
    "missing is largest": lambda: regressor(nan_mode="Max").fit(X, NUMBER),
    "without names": lambda: regressor().fit(X.to_numpy(), NUMBER),
    **{name: lambda name=name: regressor(objective=name).fit(X, NUMBER) for name in LOSSES},
}


@pytest.mark.parametrize("suffix", [".joblib", ".cbm"])
@pytest.mark.parametrize("name", MODELS)
def test_it_answers_like_the_original(name: str, suffix: str, tmp_path: Path) -> None:
    found = built(MODELS[name](), tmp_path, suffix)
    assert [each.share_off for each in found.comparisons] == [0] * len(found.comparisons) != []
    assert found.bundle.signature.inputs[0].nullable
    assert found.bundle.signature.inputs[0].columns == tuple(X.columns)


def test_classes_are_kept_as_columns(tmp_path: Path) -> None:
    found = built(classifier().fit(X, NAMES), tmp_path, ".cbm")
    assert outputs(found) == [("label", "string", ()), ("probabilities", "float32", ("ja", "no"))]


@pytest.mark.parametrize(("name", "output"), [("Poisson", 0), ("one against all", 1)])
def test_the_export_alone_really_is_wrong(name: str, output: int, tmp_path: Path) -> None:
    """That a cure was needed is part of the claim; when this fails, CatBoost has mended it and the cure can go."""
    model = MODELS[name]()
    model.save_model(str(tmp_path / "plain.onnx"), format="onnx")
    rows = WHOLE.to_numpy(np.float32)
    found = onnxruntime.InferenceSession(tmp_path / "plain.onnx").run(None, {"features": rows[:1]})[output]
    plain = list(found[0].values()) if output else found.ravel()
    true = model.predict_proba(rows[:1])[0] if output else model.predict(rows[:1])
    assert np.abs(np.array(plain) - true).max() > 0.01


def with_threshold() -> Any:
    model = classifier().fit(X, BINARY)
    model.set_probability_threshold(0.2)
    return model


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "categories": (
        lambda: classifier(cat_features=["kind"]).fit(X, BINARY),
        "with categorical, text or embedding",
    ),
    "uneven trees": (
        lambda: regressor(grow_policy="Lossguide").fit(X, NUMBER),
        "cannot export it: Can save non sym",
    ),
    "a threshold": (with_threshold, "has a probability threshold of 0.2"),
    "float classes": (lambda: classifier().fit(X, BINARY + 0.5), "does not support floating-point labels"),
    "a loss": (
        lambda: regressor(objective="RMSEWithUncertainty").fit(X, NUMBER),
        "'RMSEWithUncertainty'; known are",
    ),
    "not fitted": (classifier, "is not fitted"),
    "in a pipeline": (
        lambda: make_pipeline(StandardScaler(), classifier()).fit(X, BINARY),
        "CatBoostClassifier: can be converted alone only",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_export_cannot_say_is_refused_by_name(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = REFUSED[name][0]()
        with pytest.raises(ConversionError, match=REFUSED[name][1]):
            built(model, tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"CBM1" + b"\xff" * 20])
def test_a_file_that_is_no_model(content: bytes, tmp_path: Path) -> None:
    class File:
        def save_model(self, path: Path) -> None:
            path.write_bytes(content)

    with pytest.raises(ConversionError, match="cannot be read as a CatBoost model"):
        built(File(), tmp_path, ".cbm")
