"""Real scikit-learn models become bundles whose handler answers like them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsOneClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from onehandler.settings import Settings
from tests.onehandler.convert.models import MODELS, built, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CAST = "double inputs, cast to float before the last step"
# What each model's bundle takes and gives, and how it had to be converted.
TAKES: dict[str, tuple[list[str], list[str], str]] = {
    "cancer": (["features: float32[any, 30]"], ["label: string[any]", "probabilities: float32[any, 2]"], ""),
    "cancer-forest": (
        ["features: float32[any, 30]"],
        ["label: string[any]", "probabilities: float32[any, 2]"],
        "",
    ),
    "cancer-svc": (["features: float32[any, 30]"], ["label: string[any]", "scores: float32[any, 2]"], ""),
    "cancer-search": (
        ["features: float32[any, 30]"],
        ["label: string[any]", "probabilities: float32[any, 2]"],
        "",
    ),
    "cancer-truth": (
        ["features: float32[any, 30]"],
        ["label: bool[any]", "probabilities: float32[any, 2]"],
        "",
    ),
    "diabetes": (["features: float32[any, 10]"], ["prediction: float32[any, 1]"], ""),
    "diabetes-forest": (["features: float64[any, 10]"], ["prediction: float32[any, 1]"], CAST),
    "diabetes-boosting": (["features: float32[any, 10]"], ["prediction: float32[any, 1]"], ""),
    "diabetes-boosting-scaled": (["features: float64[any, 10]"], ["prediction: float32[any, 1]"], CAST),
    "digits": (["features: float32[any, 64]"], ["label: string[any]", "probabilities: float32[any, 10]"], ""),
    "people": (
        [
            "age: int64[any, 1]",
            "yearly income: float32[any, 1]",
            "city: string[any, 1]",
            "member: bool[any, 1]",
        ],
        ["label: string[any]", "probabilities: float32[any, 2]"],
        "booleans as whole numbers",
    ),
    "people-missing": (
        [
            "age: float32[any, 1]",
            "yearly income: float32[any, 1]",
            "city: string[any, 1]",
            "member: bool[any, 1]",
        ],
        ["label: string[any]", "probabilities: float32[any, 2]"],
        "booleans as whole numbers",
    ),
    "gaps": (["features: float32[any, 30]"], ["label: string[any]", "probabilities: float32[any, 2]"], ""),
    "nameless": (
        ["features: float32[any, 30]"],
        ["label: string[any]", "probabilities: float32[any, 2]"],
        "",
    ),
    "kmeans": (["features: float32[any, 30]"], ["cluster: int64[any]", "distances: float32[any, 3]"], ""),
    "isolation": (["features: float32[any, 30]"], ["label: int64[any, 1]", "score: float32[any, 1]"], ""),
}


class Served:
    """A model, its rows as CSV holds them, and its bundle."""

    def __init__(self, name: str, folder: Path) -> None:
        self.model = save(name, folder)
        self.frame = pd.read_csv(folder / f"{name}.csv")
        self.built = built(name, folder)
        self.handler = Handler.load(self.built.bundle, Settings({}))

    def rows(self, count: int) -> list[dict[str, Any]]:
        """As clients send them."""
        rows: list[dict[str, Any]] = json.loads(
            self.frame.head(count).to_json(orient="records", double_precision=15)
        )
        return rows

    def own(self, method: str, count: int) -> np.ndarray[Any, Any]:
        frame = self.frame.head(count)
        named = hasattr(self.model, "feature_names_in_")
        return np.asarray(getattr(self.model, method)(frame if named else frame.to_numpy()))

    def predictions(self, count: int) -> list[Any]:
        """Through scoring, as batch and HTTP do."""
        lines = "\n".join(json.dumps(row) for row in self.rows(count)).encode()
        results = list(self.handler.score(lines, "application/jsonl"))
        assert [result.error for result in results] == [None] * count
        return [result.prediction for result in results]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Served]]:
    """`served("digits")`, trained and built once."""
    folder = tmp_path_factory.mktemp("models")
    made: dict[str, Served] = {}

    def serve(name: str) -> Served:
        if name not in made:
            made[name] = Served(name, folder)
        return made[name]

    yield serve
    for each in made.values():
        each.handler.close()


def test_the_table_has_every_model() -> None:
    assert TAKES.keys() == MODELS.keys()


@pytest.mark.parametrize("name", TAKES)
def test_the_signature_and_the_way_of_conversion(name: str, served: Callable[[str], Served]) -> None:
    found = served(name).built
    inputs, outputs, note = TAKES[name]
    shown = [
        [repr(spec)[11:-1] for spec in side]
        for side in (found.bundle.signature.inputs, found.bundle.signature.outputs)
    ]
    assert shown == [inputs, outputs]
    assert found.note == note
    assert found.bundle.manifest["source"]["note"] == note
    assert found.warnings == []


@pytest.mark.parametrize("name", TAKES)
def test_every_comparison_is_clean_and_counts_all_rows(name: str, served: Callable[[str], Served]) -> None:
    found = served(name)
    rows = len(found.frame)
    held = -(-rows // 5)
    assert {each.share_off for each in found.built.comparisons} == {0}
    assert {(each.rows, each.count) for each in found.built.comparisons} == {
        ("training", rows - held),
        ("held-out", held),
    }
    assert found.built.bundle.manifest["parity"]["comparisons"] == [
        each.to_json() for each in found.built.comparisons
    ]


@pytest.mark.parametrize(
    "name", [name for name, (_, outputs, _) in TAKES.items() if outputs[0][:5] == "label"]
)
def test_labels_are_the_originals(name: str, served: Callable[[str], Served]) -> None:
    found = served(name)
    assert [each["label"] for each in found.predictions(40)] == found.own("predict", 40).tolist()


@pytest.mark.parametrize("name", [name for name, (_, outputs, _) in TAKES.items() if "proba" in outputs[-1]])
def test_probabilities_have_the_classes_names(name: str, served: Callable[[str], Served]) -> None:
    found = served(name)
    expected = found.own("predict_proba", 20)
    given = [each["probabilities"] for each in found.predictions(20)]
    assert list(given[0]) == [str(label) for label in found.model.classes_]
    np.testing.assert_allclose([list(each.values()) for each in given], expected, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in TAKES if name.startswith("diabetes")])
def test_regressions_answer_numbers(name: str, served: Callable[[str], Served]) -> None:
    found = served(name)
    np.testing.assert_allclose(found.predictions(200), found.own("predict", 200), rtol=1e-4)


def test_scores_of_a_linear_svc_are_by_class(served: Callable[[str], Served]) -> None:
    found = served("cancer-svc")
    own = found.own("decision_function", 10)
    for prediction, score in zip(found.predictions(10), own, strict=True):
        assert prediction["scores"] == pytest.approx(
            {"benign": -score, "malignant": score}, rel=1e-4, abs=1e-5
        )


def test_clusters_and_distances(served: Callable[[str], Served]) -> None:
    found = served("kmeans")
    given = found.predictions(30)
    assert [each["cluster"] for each in given] == found.own("predict", 30).tolist()
    np.testing.assert_allclose([each["distances"] for each in given], found.own("transform", 30), rtol=1e-4)


def test_outliers_are_minus_one(served: Callable[[str], Served]) -> None:
    found = served("isolation")
    given = found.predictions(300)
    assert {each["label"] for each in given} == {1, -1}
    np.testing.assert_allclose(
        [each["score"] for each in given], found.own("decision_function", 300), atol=1e-5
    )


@pytest.mark.parametrize(
    ("name", "nullable"), [("gaps", {"features"}), ("people-missing", {"age"}), ("people", set())]
)
def test_only_inputs_that_had_gaps_take_null(
    name: str, nullable: set[str], served: Callable[[str], Served]
) -> None:
    found = served(name)
    assert {spec.name for spec in found.handler.signature.inputs if spec.nullable} == nullable
    row = found.rows(1)[0] | {next(iter(found.rows(1)[0])): None}
    (result,) = found.handler.score(json.dumps(row).encode(), "application/jsonl")
    assert (result.error is None) is bool(nullable)


def test_a_manifest_holds_samples_that_the_handler_answers_alike(served: Callable[[str], Served]) -> None:
    for name in ("cancer", "people", "gaps", "diabetes", "kmeans"):
        found = served(name)
        samples = found.built.bundle.manifest["samples"]
        lines = "\n".join(map(json.dumps, samples["rows"])).encode()
        given = [result.prediction for result in found.handler.score(lines, "application/jsonl")]
        assert len(given) == 3
        assert given == samples["predictions"]


def test_a_manifest_holds_each_columns_distribution(served: Callable[[str], Served]) -> None:
    found = served("people")
    training = found.frame.drop(index=found.frame.index[::5])
    baseline = found.built.bundle.manifest["baseline"]
    assert baseline["age"]["mean"] == pytest.approx(training.age.mean())
    assert baseline["age"]["std"] == pytest.approx(training.age.std(ddof=0))
    assert baseline["city"]["top"] == training.city.value_counts().to_dict()
    assert baseline["member"]["count"] == len(training)


def test_a_manifest_names_its_source(served: Callable[[str], Served]) -> None:
    source = served("cancer").built.bundle.manifest["source"]
    assert source["framework"] == "scikit-learn"
    assert source["class"] == "Pipeline of StandardScaler, LogisticRegression"
    assert set(source["versions"]) == {"scikit-learn", "skl2onnx", "onnx"}


@pytest.mark.parametrize("name", ["cancer", "people", "diabetes-forest"])
def test_two_builds_have_the_same_digest(name: str, served: Callable[[str], Served], tmp_path: Path) -> None:
    save(name, tmp_path)
    assert built(name, tmp_path).bundle.digest == served(name).built.bundle.digest


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), QuadraticDiscriminantAnalysis()),
        make_pipeline(StandardScaler(), OneVsOneClassifier(LogisticRegression())),
    ],
)
def test_labels_that_skl2onnx_gives_as_a_column_or_a_row_are_one_a_row(model: Any, tmp_path: Path) -> None:
    data = load_iris(as_frame=True)
    joblib.dump(model.fit(data.data, data.target), tmp_path / "iris.joblib")
    data.data.to_csv(tmp_path / "iris.csv", index=False)
    bundle = built("iris", tmp_path).bundle
    assert repr(bundle.signature.outputs[0]) == "TensorSpec(label: int64[any])"
    handler = Handler.load(bundle)
    rows = data.data.iloc[::40].to_dict("records")
    answers = handler.predict(tensors_from_rows(handler.signature, rows))
    handler.close()
    assert (
        np.asarray(answers["label"]).tolist() == model.predict(data.data.iloc[::40]).tolist() == [0, 0, 1, 2]
    )
