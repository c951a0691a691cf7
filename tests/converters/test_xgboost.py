"""XGBoost: every kind of model answers like the original, and what cannot be said in ONNX is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xgboost as xgb
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.data import BINARY, NUMBER, ROWS, THREE, WHOLE, X, built, outputs, worst

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def classifier(**settings: Any) -> Any:
    return xgb.XGBClassifier(**{"n_estimators": 12, "max_depth": 4, **settings})


def regressor(**settings: Any) -> Any:
    return xgb.XGBRegressor(**{"n_estimators": 12, "max_depth": 4, **settings})


def stopped_early() -> Any:
    model = xgb.XGBClassifier(n_estimators=300, early_stopping_rounds=2)
    half = ROWS // 2
    model.fit(X[:half], THREE[:half], eval_set=[(X[half:], THREE[half:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    return model


def with_categories(at_once: int) -> Any:
    kinds = {"feature_types": ["q", "q", "q", "c"], "enable_categorical": True}
    model = classifier(max_cat_to_onehot=at_once, **kinds).fit(X.to_numpy(), THREE)
    assert any("c" in kind for kind in model.feature_types)
    return model


# XGBoost warns that its forests will go.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

POSITIVE = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "reg:squaredlogerror")
ANY_NUMBER = ("reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror")
# One booster since 3.3.
DART = "gbtree" if tuple(map(int, xgb.__version__.split(".")[:2])) >= (3, 3) else "dart"
MODELS: dict[str, Callable[[], Any]] = {
    "binary": lambda: classifier().fit(X, BINARY),
    "three classes": lambda: classifier().fit(X, THREE),
    "regression": lambda: regressor().fit(X, NUMBER),
    "base_score": lambda: classifier(base_score=0.2).fit(X, BINARY),
    "base_score of a regression": lambda: regressor(base_score=7.5).fit(X, NUMBER),
    "hinge": lambda: classifier(objective="binary:hinge").fit(X, BINARY),
    "stopped early": stopped_early,
    "dropped trees": lambda: classifier(booster=DART, rate_drop=0.5).fit(X, BINARY),
    "forest": lambda: xgb.XGBRFClassifier(n_estimators=10).fit(X, THREE),
    "forest of numbers": lambda: xgb.XGBRFRegressor(n_estimators=10).fit(X, NUMBER),
    "rounds of forests": lambda: classifier(num_parallel_tree=3).fit(X, THREE),
    "several targets": lambda: regressor().fit(X, np.c_[NUMBER, -NUMBER]),
    "quantiles": lambda: regressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.5]).fit(X, NUMBER),
    "shares": lambda: regressor(objective="reg:logistic").fit(X, NUMBER / 100),
    "no missing value in training": lambda: regressor().fit(WHOLE, NUMBER),
    "categories, one of many": lambda: with_categories(100),
    "categories, sets": lambda: with_categories(1),
    "ranks": lambda: xgb.XGBRanker(n_estimators=5).fit(X, BINARY, qid=np.arange(ROWS) // 10),
    "one leaf": lambda: regressor(max_depth=1, gamma=1e9).fit(X, NUMBER),
    **{name: lambda name=name: regressor(objective=name).fit(X, NUMBER) for name in (*POSITIVE, *ANY_NUMBER)},
}


@pytest.mark.parametrize("suffix", [".joblib", ".json", ".ubj"])
@pytest.mark.parametrize("name", MODELS)
def test_it_answers_like_the_original(name: str, suffix: str, tmp_path: Path) -> None:
    found = built(MODELS[name](), tmp_path, suffix)
    assert [each.share_off for each in found.comparisons] == [0] * len(found.comparisons) != []
    assert found.bundle.signature.inputs[0].nullable
    assert found.bundle.signature.inputs[0].columns == tuple(X.columns)


def test_classes_and_versions_are_kept(tmp_path: Path) -> None:
    found = built(MODELS["three classes"](), tmp_path)
    assert outputs(found) == [("label", "int64", ()), ("probabilities", "float32", ("0", "1", "2"))]
    assert {"xgboost", "xgboost-cpu"} & found.bundle.manifest["source"]["versions"].keys()


def test_a_booster_without_wrapper_and_softmax_give_probabilities(tmp_path: Path) -> None:
    booster = xgb.train({"objective": "multi:softmax", "num_class": 3}, xgb.DMatrix(X, THREE), 5)
    assert outputs(built(booster, tmp_path, ".json"))[1] == ("probabilities", "float32", ("0", "1", "2"))
    assert outputs(built(booster, tmp_path))[0] == ("label", "int64", ())


def test_a_file_that_stopped_early_says_which_trees_answer(tmp_path: Path) -> None:
    model = stopped_early()
    found = built(model, tmp_path, ".json")
    assert f"the trees up to iteration {model.best_iteration} answer" in found.warnings[0]
    every_tree = model.get_booster().predict(xgb.DMatrix(X), iteration_range=(0, 0))
    assert np.abs(every_tree - model.predict_proba(X)).max() > 0.01  # the claim is worth something


@pytest.mark.parametrize("make", [regressor, classifier])
def test_in_a_pipeline(make: Callable[[], Any], tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), make()).fit(X, NUMBER if make is regressor else THREE)
    assert worst(built(model, tmp_path)) < 1e-4


def test_a_category_never_met_and_a_missing_one_go_where_the_original_sends_them(tmp_path: Path) -> None:
    model = with_categories(1)
    found = built(model, tmp_path)
    rows = X.head(4).assign(kind=[39, 77, 1000, None]).astype(float)
    handler = Handler.load(found.bundle)
    sent = rows.astype(object).where(rows.notna(), None).to_dict("records")
    answered = np.asarray(handler.predict(tensors_from_rows(handler.signature, sent))["probabilities"])
    handler.close()
    assert np.abs(answered - model.predict_proba(rows.to_numpy())).max() < 1e-5


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "linear": (lambda: classifier(booster="gblinear").fit(X, BINARY), "which has no trees"),
    "another missing": (lambda: classifier(missing=-1).fit(WHOLE, BINARY), "takes -1 for missing"),
    "pandas categories": (
        lambda: classifier(enable_categorical=True).fit(X.astype({"kind": "category"}), BINARY),
        "was fitted on pandas categories",
    ),
    "an objective": (
        lambda: xgb.train({"objective": "binary:logitraw"}, xgb.DMatrix(X, BINARY), 2),
        "has the objective 'binary:logitraw'; known are binary:hinge",
    ),
    "vector leaves": (
        lambda: regressor(multi_strategy="multi_output_tree").fit(X, np.c_[NUMBER, NUMBER]),
        "multi_strategy='one_output_per_tree'",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_in_onnx_is_refused_by_name(name: str, tmp_path: Path) -> None:
    make, message = REFUSED[name]
    with pytest.raises(ConversionError, match=message):
        built(make(), tmp_path)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]", b"\x00" * 20, b'{"learner": {}}'])
def test_a_file_that_is_no_model(content: bytes, tmp_path: Path) -> None:
    class File:
        def save_model(self, path: Path) -> None:
            path.write_bytes(content)

    with pytest.raises(ConversionError, match="cannot be read as an XGBoost model"):
        built(File(), tmp_path, ".json")
