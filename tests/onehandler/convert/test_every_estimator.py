"""Every classifier, regressor and clusterer of scikit-learn: it builds and answers alike, or is refused by name."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils import all_estimators

from onehandler.convert.build import Order, build
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    KINDS = {
        name: (kind, found)
        for kind in ("classifier", "regressor", "cluster")
        for name, found in all_estimators(type_filter=kind)
    }
_LEAST = 62

# What each refusal says: the estimator's name, or how it differs.
REFUSED = {
    **dict.fromkeys(
        (
            "AffinityPropagation",
            "Birch",
            "BisectingKMeans",
            "CCA",
            "DummyClassifier",
            "DummyRegressor",
            "KernelRidge",
            "LabelPropagation",
            "LabelSpreading",
            "MeanShift",
            "NearestCentroid",
            "PLSCanonical",
            "SelfTrainingClassifier",
            "TransformedTargetRegressor",
        ),
        "skl2onnx has no converter for it",
    ),
    **dict.fromkeys(
        (
            "AgglomerativeClustering",
            "DBSCAN",
            "FeatureAgglomeration",
            "HDBSCAN",
            "OPTICS",
            "SpectralClustering",
        ),
        "has no predict()",
    ),
    "GaussianProcessClassifier": "has 3 classes, and skl2onnx converts it for two",
    # The iris data have rows that come twice.
    "KNeighborsClassifier": "of neighbours that are equally far, KNeighborsClassifier takes others",
    "KNeighborsRegressor": "of neighbours that are equally far, KNeighborsRegressor takes others",
    "RadiusNeighborsClassifier": "ONNX Runtime cannot run; fit KNeighborsClassifier",
    "RadiusNeighborsRegressor": "ONNX Runtime cannot run; fit KNeighborsRegressor",
}
_PARTS: dict[str, dict[str, Any]] = {
    "OneVsOneClassifier": {"estimator": LogisticRegression(max_iter=500)},
    "OneVsRestClassifier": {"estimator": LogisticRegression(max_iter=500)},
    "SelfTrainingClassifier": {"estimator": LogisticRegression(max_iter=500)},
    "StackingClassifier": {
        "estimators": [
            ("a", LogisticRegression(max_iter=500)),
            ("b", RandomForestClassifier(3, random_state=0)),
        ]
    },
    "VotingClassifier": {
        "estimators": [
            ("a", LogisticRegression(max_iter=500)),
            ("b", RandomForestClassifier(3, random_state=0)),
        ],
        "voting": "soft",
        "flatten_transform": False,
    },
    "StackingRegressor": {"estimators": [("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3))]},
    "VotingRegressor": {"estimators": [("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3))]},
    "MultiOutputRegressor": {"estimator": Ridge()},
}
_TWO_TARGETS = {
    "CCA",
    "MultiOutputRegressor",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PLSCanonical",
}
# Several labels at once, thresholds, codes, one column: what these need is not what the rest is fitted on.
_LEFT_OUT = {
    "ClassifierChain",
    "FixedThresholdClassifier",
    "IsotonicRegression",
    "MultiOutputClassifier",
    "OutputCodeClassifier",
    "RegressorChain",
    "TunedThresholdClassifierCV",
}
NAMES = sorted(KINDS.keys() - _LEFT_OUT)
counts: Counter[str] = Counter()


def fitted(name: str) -> Any:
    kind, found = KINDS[name]
    data = load_iris(as_frame=True)
    number = data.data.iloc[:, 0] * 2 + data.target
    target = {"classifier": data.target, "regressor": number, "cluster": None}[kind]
    if name in _TWO_TARGETS:
        target = np.c_[number, -data.data.iloc[:, 1]]
    given = dict(_PARTS.get(name, {}))
    if not given and name != "MultiOutputRegressor" and "random_state" in found().get_params():
        given["random_state"] = 0
    return found(**given).fit(data.data, target)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_it_answers_like_the_original_or_is_refused_by_name(name: str, tmp_path: Path) -> None:
    joblib.dump(fitted(name), tmp_path / "m.joblib")
    load_iris(as_frame=True).data.to_csv(tmp_path / "rows.csv", index=False)
    order = Order(tmp_path / "m.joblib", tmp_path / "rows.csv", "m", tmp_path / "out" / "m")
    if name in REFUSED:
        with pytest.raises(ConversionError) as refused:
            build(order)
        assert REFUSED[name] in str(refused.value)
        assert not order.target.exists()
        counts["refused"] += 1
        return
    found = build(order)
    assert [each.share_off for each in found.comparisons] == [0] * len(found.comparisons) != []
    counts["built"] += 1


def test_enough_of_them_are_built() -> None:
    if sum(counts.values()) < len(NAMES):
        pytest.skip("counts all of the tests above; run the whole file")
    print(
        f"{counts['built']} estimators build, {counts['refused']} are refused by name, {len(_LEFT_OUT)} left out"
    )
    assert counts["built"] >= _LEAST
