"""What cannot become a bundle is refused by name, and leaves no trace."""

from __future__ import annotations

import pickle
import sys
import tempfile
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.cluster import DBSCAN
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsOneClassifier
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from onehandler.bundle import Bundle
from onehandler.errors import BundleError, ConversionError
from tests.onehandler.convert.models import built, cancer, people, save
from tests.onehandler.convert.own_estimators import Majority

if TYPE_CHECKING:
    from collections.abc import Callable


def saved(model: Any, frame: pd.DataFrame, folder: Path) -> None:
    joblib.dump(model, folder / "m.joblib")
    frame.to_csv(folder / "m.csv", index=False)


def with_categories() -> tuple[Any, pd.DataFrame]:
    frame, target = people()
    frame = frame[["age", "city"]].assign(city=frame.city.astype("category").cat.codes)
    model = HistGradientBoostingClassifier(max_iter=5, categorical_features=["city"]).fit(frame, target)
    return model, frame


def categories_in_a_pipeline() -> tuple[Any, pd.DataFrame]:
    model, frame = with_categories()
    return make_pipeline(model), frame


def with_missing_strings() -> tuple[Any, pd.DataFrame]:
    frame, target = people()
    frame["city"] = frame.city.where(frame.age > 20, None)
    return RandomForestClassifier(2).fit(frame[["age"]].assign(city=0), target), frame[["age", "city"]]


def fitted(model: Any) -> tuple[Any, pd.DataFrame]:
    return model.fit(*cancer()), cancer()[0]


def against(target: Any) -> tuple[Any, pd.DataFrame]:
    rows = load_iris(as_frame=True).data
    return OneVsOneClassifier(LogisticRegression(max_iter=500)).fit(rows, target), rows


def unsupervised(model: Any) -> tuple[Any, pd.DataFrame]:
    return model.fit(cancer()[0]), cancer()[0]


MODELS: dict[str, tuple[Callable[[], tuple[Any, pd.DataFrame]], str]] = {
    "a custom estimator": (lambda: fitted(Majority()), "Majority: skl2onnx has no converter for it"),
    "a custom step": (
        lambda: fitted(make_pipeline(StandardScaler(), Majority())),
        "step 'majority': skl2onnx has no converter for it",
    ),
    "a function": (
        lambda: fitted(make_pipeline(FunctionTransformer(np.sqrt), RandomForestClassifier(2))),
        "FunctionTransformer",
    ),
    "categories in boosting": (with_categories, "HistGradientBoostingClassifier: with categorical_features"),
    "categories in a pipeline": (
        categories_in_a_pipeline,
        "HistGradientBoostingClassifier: with categorical_features",
    ),
    "strings with gaps": (with_missing_strings, "column 'city': has"),
    "a dict": (lambda: ({"model": 1}, cancer()[0]), "holds a dict, not a scikit-learn estimator"),
    "an array": (lambda: (np.zeros(3), cancer()[0]), "holds a ndarray, not a scikit-learn estimator"),
    "a transformer": (lambda: unsupervised(StandardScaler()), "StandardScaler has no predict()"),
    "one against one, of two": (
        lambda: fitted(OneVsOneClassifier(RandomForestClassifier(2))),
        "OneVsOneClassifier: has two classes, for which it is no more than its estimator; fit that alone",
    ),
    "one against one, by name": (
        lambda: against(load_iris().target_names[load_iris().target]),
        "gives the classes' places and not their names; number the classes from 0 (LabelEncoder)",
    ),
    "neighbours by distance": (
        lambda: fitted(KNeighborsClassifier(weights="distance")),
        "divides by a distance of zero at the rows it was fitted on; fit it with weights='uniform'",
    ),
    "not fitted": (lambda: (LogisticRegression(), cancer()[0]), "LogisticRegression is not fitted"),
    "no predict": (lambda: unsupervised(DBSCAN()), "DBSCAN has no predict()"),
    "no predict on others": (lambda: unsupervised(LocalOutlierFactor()), "LocalOutlierFactor"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty temporary folder of its own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path


def refusal(folder: Path, model: str = "m", /, **order: Any) -> str:
    """Build, be refused, find nothing written; gives the message."""
    with pytest.raises((ConversionError, BundleError)) as refused:
        built(model, folder, **order)
    assert not (folder / "bundles").exists()
    assert list((folder / "tmp").iterdir()) == []
    return str(refused.value)


@pytest.mark.parametrize("case", MODELS)
def test_a_model_that_cannot_be_converted_is_named(case: str, place: Path) -> None:
    make, message = MODELS[case]
    saved(*make(), place)
    assert message in refusal(place)


@pytest.mark.parametrize("size", [0, 1, 10, 200])
def test_a_truncated_file_is_refused(size: int, place: Path) -> None:
    save("cancer", place)
    path = place / "cancer.joblib"
    path.write_bytes(path.read_bytes()[:size])
    assert "cannot be loaded" in refusal(place, "cancer")


@pytest.mark.parametrize("content", [b"hello", b"\x80\x04K\x01.", b"PK\x03\x04", bytes(100)])
def test_a_file_of_something_else_is_refused(content: bytes, place: Path) -> None:
    save("cancer", place)
    (place / "cancer.joblib").write_bytes(content)
    assert "cancer.joblib" in refusal(place, "cancer")


def test_a_missing_package_is_named(place: Path) -> None:
    module = types.ModuleType("absent_package")
    module.Thing = type("Thing", (), {"__module__": "absent_package"})  # type: ignore[attr-defined]
    sys.modules["absent_package"] = module
    try:
        content = pickle.dumps(module.Thing())
    finally:
        del sys.modules["absent_package"]
    save("cancer", place)
    (place / "cancer.pkl").write_bytes(content)
    assert "needs the package 'absent_package'" in refusal(place, "cancer", model=place / "cancer.pkl")


def test_a_pickle_file_is_as_good_as_joblib(place: Path) -> None:
    (place / "cancer.pickle").write_bytes(pickle.dumps(save("cancer", place)))
    assert built("cancer", place, model=place / "cancer.pickle").bundle.name == "cancer"


def test_another_version_of_scikit_learn_is_a_warning(place: Path) -> None:
    """The pickle says the version that wrote it; scikit-learn warns, and so do we."""
    save("cancer", place)
    path = place / "cancer.joblib"
    here = sklearn.__version__.encode()
    other = b"0" + here[1:]
    assert here in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(here, other))
    found = built("cancer", place)
    assert any(
        f"from version {other.decode()} when using version {here.decode()}" in text for text in found.warnings
    )


def test_a_sample_that_lacks_columns(place: Path) -> None:
    save("cancer", place)
    frame = pd.read_csv(place / "cancer.csv")
    frame.drop(columns=["mean radius", "worst area"]).to_csv(place / "cancer.csv", index=False)
    assert "lacks 2 of the model's columns: 'mean radius', 'worst area'" in refusal(place, "cancer")


def test_a_holdout_that_lacks_columns(place: Path) -> None:
    save("cancer", place)
    pd.read_csv(place / "cancer.csv").drop(columns="mean radius").to_csv(place / "h.csv", index=False)
    message = refusal(place, "cancer", holdout=place / "h.csv")
    assert "the held-out rows: lacks 1 of the model's columns: 'mean radius'" in message


def test_a_sample_of_another_width_for_a_model_without_names(place: Path) -> None:
    save("nameless", place)
    frame = pd.read_csv(place / "nameless.csv").assign(target=1)
    frame.to_csv(place / "nameless.csv", index=False)
    message = refusal(place, "nameless")
    assert "has 31 columns, the model takes 30; if one is the target, name it with --target" in message
    assert built("nameless", place, drop="target").bundle.name == "nameless"


def test_columns_may_come_in_another_order_and_with_others_between(place: Path) -> None:
    save("cancer", place)
    plain = built("cancer", place)
    frame = pd.read_csv(place / "cancer.csv")
    frame[frame.columns[::-1]].assign(note="x").to_csv(place / "cancer.csv", index=False)
    assert built("cancer", place).bundle.digest == plain.bundle.digest


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as CSV"),
        (b"a,b\n", "holds no rows"),
        (b"\xff\xfe\x00", "cannot be read as CSV"),
        (b"a,b\n1,2\n3,4,5,6\n", "cannot be read as CSV"),
        (b"a,b\n1,2\n", "has 1 rows; at least 5 are needed"),
    ],
)
def test_a_sample_that_is_no_table(content: bytes, message: str, place: Path) -> None:
    save("cancer", place)
    (place / "cancer.csv").write_bytes(content)
    assert message in refusal(place, "cancer")


def test_values_that_the_model_cannot_take(place: Path) -> None:
    save("cancer", place)
    frame = pd.read_csv(place / "cancer.csv").astype({"mean radius": object})
    frame.loc[3, "mean radius"] = "wide"
    frame.to_csv(place / "cancer.csv", index=False)
    assert "the original model cannot answer the training rows" in refusal(place, "cancer")


@pytest.mark.parametrize("name", ["", "Big", "a b", "-a", "a-", "../x", "a" * 64, "a/b", "ä"])
def test_a_name_that_is_no_name(name: str, place: Path) -> None:
    save("cancer", place)
    assert "takes lower-case letters" in refusal(place, "cancer", name=name)


@pytest.mark.parametrize("suffix", [".md", ".doc", "", ".DOC"])
def test_another_kind_of_file(suffix: str, place: Path) -> None:
    save("cancer", place)
    (place / f"model{suffix}").write_bytes(b"x")
    message = refusal(place, "cancer", model=place / f"model{suffix}")
    assert f"no converter for '{suffix}' files; there are .joblib" in message


def test_an_unknown_target(place: Path) -> None:
    save("cancer", place)
    assert "has no column 'churned' to leave out (--target); there are 'mean radius'" in refusal(
        place, "cancer", drop="churned"
    )


def test_a_failed_build_leaves_the_former_bundle(place: Path) -> None:
    save("cancer", place)
    former = built("cancer", place).bundle.digest
    saved(Majority().fit(*cancer()), cancer()[0], place)
    with pytest.raises(ConversionError):
        built("cancer", place, model=place / "m.joblib")
    assert Bundle.load(str(place / "bundles" / "cancer")).digest == former
    assert [path.name for path in (place / "bundles").iterdir()] == ["cancer"]
    assert list((place / "tmp").iterdir()) == []
