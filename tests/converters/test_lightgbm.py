"""LightGBM: every kind of model answers like the original, and what cannot be said in ONNX is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.data import BINARY, NAMES, NUMBER, ROWS, THREE, WHOLE, X, built, outputs, worst

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# LightGBM warns of its own spelling of feature names.
pytestmark = pytest.mark.filterwarnings("ignore")
_SMALL = {"n_estimators": 12, "verbose": -1, "min_child_samples": 5, "num_threads": 1}
_BAGGED = {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}


def classifier(**settings: Any) -> Any:
    return lgb.LGBMClassifier(**{**_SMALL, **settings})


def regressor(**settings: Any) -> Any:
    return lgb.LGBMRegressor(**{**_SMALL, **settings})


def stopped_early() -> Any:
    half = ROWS // 2
    model = classifier(n_estimators=300)
    stop = lgb.early_stopping(3, verbose=False)
    model.fit(X[:half], THREE[:half], eval_set=[(X[half:], THREE[half:])], callbacks=[stop])
    assert model.best_iteration_ < 300
    return model


def with_categories(**settings: Any) -> Any:
    model = classifier(min_data_per_group=1, cat_smooth=1, **settings)
    model.fit(X, THREE, categorical_feature=["kind"])
    assert "||" in str(model.booster_.dump_model()) or settings["max_cat_to_onehot"] > 1
    return model


OBJECTIVES = ("poisson", "gamma", "tweedie", "mae", "quantile", "huber", "fair", "mape")
MODELS: dict[str, Callable[[], Any]] = {
    "binary": lambda: classifier().fit(X, BINARY),
    "three classes": lambda: classifier().fit(X, THREE),
    "one against all": lambda: classifier(objective="multiclassova").fit(X, THREE),
    "regression": lambda: regressor().fit(X, NUMBER),
    "square root": lambda: regressor(reg_sqrt=True).fit(X, NUMBER),
    "no missing value in training": lambda: regressor().fit(WHOLE, NUMBER),
    "missing values not used": lambda: regressor(use_missing=False).fit(X, NUMBER),
    "forest": lambda: classifier(**_BAGGED).fit(X, THREE),
    "forest of numbers": lambda: regressor(**_BAGGED).fit(X, NUMBER),
    "dart": lambda: classifier(boosting_type="dart").fit(X, THREE),
    "steep sigmoid": lambda: classifier(sigmoid=0.5, is_unbalance=True).fit(X, BINARY),
    "stopped early": stopped_early,
    "categories, one of many": lambda: with_categories(max_cat_to_onehot=100),
    "categories, sets": lambda: with_categories(max_cat_to_onehot=1),
    "shares": lambda: regressor(objective="cross_entropy").fit(X, NUMBER / 100),
    "shares by lambda": lambda: regressor(objective="cross_entropy_lambda").fit(X, NUMBER / 100),
    "ranks": lambda: lgb.LGBMRanker(**_SMALL).fit(X, BINARY, group=[100] * 4),
    "one leaf": lambda: regressor(min_child_samples=ROWS).fit(X, NUMBER),
    "without names": lambda: regressor().fit(X.to_numpy(), NUMBER),
    **{name: lambda name=name: regressor(objective=name).fit(X, NUMBER) for name in OBJECTIVES},
}


class _Booster:
    def __init__(self, model: Any) -> None:
        self._model = model

    def save_model(self, path: Path) -> None:
        self._model.booster_.save_model(path)


@pytest.mark.parametrize("suffix", [".joblib", ".txt"])
@pytest.mark.parametrize("name", MODELS)
def test_it_answers_like_the_original(name: str, suffix: str, tmp_path: Path) -> None:
    model = MODELS[name]()
    found = built(model if suffix == ".joblib" else _Booster(model), tmp_path, suffix)
    assert [each.share_off for each in found.comparisons] == [0] * len(found.comparisons) != []
    assert found.bundle.signature.inputs[0].nullable
    assert found.bundle.signature.inputs[0].columns == tuple(X.columns)  # "mean radius", not "mean_radius"


def test_classes_and_versions_are_kept(tmp_path: Path) -> None:
    found = built(classifier().fit(X, NAMES), tmp_path)
    assert outputs(found) == [("label", "string", ()), ("probabilities", "float32", ("ja", "no"))]
    assert found.bundle.manifest["source"]["versions"]["lightgbm"] == lgb.__version__


@pytest.mark.parametrize("make", [regressor, classifier])
def test_in_a_pipeline(make: Callable[[], Any], tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), make()).fit(X, NUMBER if make is regressor else NAMES)
    assert worst(built(model, tmp_path)) < 1e-4


def test_a_category_never_met_and_a_missing_one_go_where_the_original_sends_them(tmp_path: Path) -> None:
    model = with_categories(max_cat_to_onehot=1)
    found = built(model, tmp_path)
    rows = X.head(4).assign(kind=[39, 77, -5, None]).astype(float)
    handler = Handler.load(found.bundle)
    sent = rows.astype(object).where(rows.notna(), None).to_dict("records")
    answered = np.asarray(handler.predict(tensors_from_rows(handler.signature, sent))["probabilities"])
    handler.close()
    assert np.abs(answered - model.predict_proba(rows)).max() < 1e-5


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "linear trees": (lambda: regressor(linear_tree=True).fit(WHOLE, NUMBER), "has linear trees"),
    "zeros as missing": (lambda: classifier(zero_as_missing=True).fit(X, BINARY), "takes zeros for missing"),
    "pandas categories": (
        lambda: classifier().fit(X.astype({"kind": "category"}), BINARY),
        "was fitted on pandas categories",
    ),
    "an objective of one's own": (
        lambda: regressor(objective=lambda true, found: (found - true, np.ones_like(true))).fit(X, NUMBER),
        "cannot be loaded|has the objective",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_in_onnx_is_refused_by_name(name: str, tmp_path: Path) -> None:
    model, message = REFUSED[name][0](), REFUSED[name][1]
    suffix = ".txt" if name == "an objective of one's own" else ".joblib"
    with pytest.raises(ConversionError, match=message):
        built(_Booster(model) if suffix == ".txt" else model, tmp_path, suffix)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\x00" * 20])
def test_a_file_that_is_no_model(content: bytes, tmp_path: Path) -> None:
    class File:
        def save_model(self, path: Path) -> None:
            path.write_bytes(content)

    with pytest.raises(ConversionError, match="cannot be read as a LightGBM model"):
        built(File(), tmp_path, ".txt")


def test_a_damaged_file_is_refused_and_does_not_end_the_process(tmp_path: Path) -> None:
    regressor().fit(X, NUMBER).booster_.save_model(tmp_path / "whole.txt")
    whole = (tmp_path / "whole.txt").read_bytes()

    class File:
        def save_model(self, path: Path) -> None:
            path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(ConversionError, match="cannot be read as a LightGBM model"):
        built(File(), tmp_path, ".txt")
