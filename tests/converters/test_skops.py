"""skops files: read without running code, refused when they hold more than estimators."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skops.io
import xgboost as xgb
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import LabelSpreading

from onehandler.convert.build import Order, build
from onehandler.errors import ConversionError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests.converters.data import BINARY, NAMES, WHOLE

if TYPE_CHECKING:
    from pathlib import Path


class Stranger(ClassifierMixin, BaseEstimator):
    """An estimator that only its maker knows."""

    def fit(self, rows: Any, labels: Any) -> Any:
        self.classes_ = np.unique(labels)
        return self

    def predict(self, rows: Any) -> Any:
        return np.full(len(rows), self.classes_[0])


def order(path: Path) -> Order:
    rows = path.with_name("rows.csv")
    WHOLE.to_csv(rows, index=False)
    return Order(path, rows, "m", path.parent / "out" / "m")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(5, random_state=0),
        LGBMClassifier(n_estimators=5, verbose=-1),
    ],
)
def test_a_known_estimator_is_converted(model: Any, tmp_path: Path) -> None:
    skops.io.dump(model.fit(WHOLE, NAMES), tmp_path / "m.skops")
    found = build(order(tmp_path / "m.skops"))
    assert found.bundle.signature.outputs[1].columns == ("ja", "no")


def test_a_booster_inside(tmp_path: Path) -> None:
    skops.io.dump(xgb.XGBClassifier(n_estimators=3).fit(WHOLE, BINARY), tmp_path / "m.skops")
    assert build(order(tmp_path / "m.skops")).comparisons


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Stranger(), "tests.converters.test_skops.Stranger"),
        (make_pipeline(FunctionTransformer(os.path.exists), Stranger()), "posixpath|genericpath|exists"),
    ],
)
def test_types_that_are_not_known_are_refused_by_name(model: Any, named: str, tmp_path: Path) -> None:
    if isinstance(model, Stranger):
        model.fit(WHOLE, BINARY)
    skops.io.dump(model, tmp_path / "m.skops")
    with pytest.raises(ConversionError, match=f"not known to be safe: .*({named})"):
        build(order(tmp_path / "m.skops"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"PK", b"hello"])
def test_a_file_that_is_no_skops_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.skops"
    path.write_bytes(content)
    with pytest.raises(ConversionError, match="cannot be read as a skops file"):
        build(order(path))


def test_a_zip_without_a_schema(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.skops", "w") as archive:
        archive.writestr("hello", "x")
    with pytest.raises(ConversionError, match="cannot be read as a skops file"):
        build(order(tmp_path / "m.skops"))


def test_a_tree_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    model = RandomForestClassifier(2, random_state=0).fit(WHOLE, BINARY)
    model.estimators_[1].tree_.children_left[0] = 10**6
    skops.io.dump(model, tmp_path / "m.skops")
    with pytest.raises(ConversionError, match="nodes lead nowhere"):
        build(order(tmp_path / "m.skops"))


def test_what_nothing_converts_is_kept_without_a_pickle(tmp_path: Path) -> None:
    data = load_iris(as_frame=True)
    model = LabelSpreading(kernel="rbf").fit(data.data, data.target)
    skops.io.dump(model, tmp_path / "model.skops")
    data.frame.to_csv(tmp_path / "rows.csv", index=False)
    wanted = Order(tmp_path / "model.skops", tmp_path / "rows.csv", "iris", tmp_path / "iris", drop="target")
    with pytest.raises(ConversionError, match="without a pickle"):
        build(wanted)
    bundle = build(replace(wanted, allow_pickle=True)).bundle
    assert "allow_pickle" not in bundle.manifest
    assert bundle.manifest["model"] == "model.skops"
    with pytest.raises(UntrustedBundle, match="ONEHANDLER_BUNDLE_DIGEST"):
        Handler.load(bundle.folder, Settings({}))
    handler = Handler.load(bundle.folder, Settings({"ONEHANDLER_BUNDLE_DIGEST": bundle.digest}))
    rows = data.data.head(20)
    body = json.dumps({"rows": rows.to_dict("records")}).encode()
    answer = json.loads(handler.answer(Request("POST", "/predict", {}, body)).body)
    assert [each["label"] for each in answer["predictions"]] == model.predict(rows).tolist()
