"""Models that are code: nothing runs that nobody allowed, and what runs answers like the original."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.semi_supervised import LabelSpreading

from onehandler.bundle import Bundle
from onehandler.convert import Options
from onehandler.convert.build import Order, build
from onehandler.convert.options import parsed
from onehandler.errors import BundleError, ConversionError, ModelError, UntrustedBundle
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

CODE = """
import numpy as np

class Doubler:
    def __init__(self, folder):
        self.factor = float((folder / "factor.txt").read_text())

    def predict(self, inputs):
        x = np.asarray(inputs["x"])
        return {"y": x.sum(axis=1) * self.factor, "name": [f"from {row[0]:.2f}" for row in x]}
"""


@pytest.fixture(scope="module")
def cancer() -> pd.DataFrame:
    return load_breast_cancer(as_frame=True).frame


@pytest.fixture(scope="module")
def unconvertible(tmp_path_factory: pytest.TempPathFactory, cancer: pd.DataFrame) -> Path:
    """A folder with an estimator that skl2onnx has no converter for, and its rows."""
    folder = tmp_path_factory.mktemp("unconvertible")
    model = LabelSpreading(kernel="knn").fit(cancer.drop(columns="target"), cancer["target"])
    joblib.dump(model, folder / "model.joblib")
    cancer.to_csv(folder / "rows.csv", index=False)
    return folder


def order(folder: Path, target: Path, **changes: Any) -> Order:
    return Order(
        folder / "model.joblib", folder / "rows.csv", "cancer", target / "cancer", drop="target", **changes
    )


@pytest.fixture(scope="module")
def kept(unconvertible: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build(order(unconvertible, tmp_path_factory.mktemp("kept"), allow_pickle=True)).bundle


def served(bundle: Bundle) -> Handler:
    return Handler.load(bundle.folder, Settings({"ONEHANDLER_BUNDLE_DIGEST": bundle.digest}))


def test_without_the_flag_the_refusal_says_that_there_is_one(unconvertible: Path, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="--allow-pickle"):
        build(order(unconvertible, tmp_path))
    assert not (tmp_path / "cancer").exists()


def test_the_reason_and_the_cost_are_said(unconvertible: Path, tmp_path: Path) -> None:
    built = build(order(unconvertible, tmp_path, allow_pickle=True))
    assert "LabelSpreading" in built.note
    assert any("s to start and load it" in each for each in built.warnings)


def test_a_model_that_converts_is_converted_all_the_same(tmp_path: Path, cancer: pd.DataFrame) -> None:
    features = cancer.drop(columns="target")
    joblib.dump(LogisticRegression(max_iter=9000).fit(features, cancer["target"]), tmp_path / "model.joblib")
    cancer.to_csv(tmp_path / "rows.csv", index=False)
    assert build(order(tmp_path, tmp_path, allow_pickle=True)).bundle.runtime == "onnx"


def test_it_answers_like_the_estimator(kept: Bundle, unconvertible: Path, cancer: pd.DataFrame) -> None:
    model = joblib.load(unconvertible / "model.joblib")
    rows = cancer.drop(columns="target").head(20)
    body = json.dumps({"rows": rows.to_dict("records")}).encode()
    answer = json.loads(served(kept).answer(Request("POST", "/predict", {}, body)).body)
    assert [each["label"] for each in answer["predictions"]] == model.predict(rows).tolist()
    found = [list(each["probabilities"].values()) for each in answer["predictions"]]
    np.testing.assert_allclose(found, model.predict_proba(rows), atol=1e-12)


def test_a_pickle_is_not_loaded_unless_the_deployment_pins_it(kept: Bundle) -> None:
    with pytest.raises(UntrustedBundle, match=f"ONEHANDLER_BUNDLE_DIGEST={kept.digest}"):
        Handler.load(kept.folder, Settings({}))


EXPLOSION = b"cos\nsystem\n(S'touch exploded'\ntR."


@pytest.mark.parametrize("allows", [None, "yes", 1, False])
def test_a_manifest_that_does_not_allow_pickles_never_has_one_loaded(
    allows: object, kept: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pickle would leave a file."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "bundle"
    rewritten(Path(kept.folder), folder, EXPLOSION, allow_pickle=allows)
    bundle = Bundle.load(str(folder))
    with pytest.raises(UntrustedBundle, match="--allow-pickle"):
        Handler.load(str(folder), Settings({"ONEHANDLER_BUNDLE_DIGEST": bundle.digest}))
    assert not Path("exploded").exists()


def test_the_trap_itself_works(kept: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would show nothing."""
    monkeypatch.chdir(tmp_path)
    rewritten(Path(kept.folder), tmp_path / "bundle", EXPLOSION, allow_pickle=True)
    bundle = Bundle.load(str(tmp_path / "bundle"))
    served(bundle)
    assert Path("exploded").exists()


def rewritten(source: Path, target: Path, model: bytes, **members: object) -> None:
    """The same bundle with another model file and other members, its digests right."""
    from hashlib import sha256

    manifest = json.loads((source / "bundle.json").read_text()) | members
    manifest["files"] = {"model.joblib": {"bytes": len(model), "sha256": sha256(model).hexdigest()}}
    target.mkdir()
    (target / "model.joblib").write_bytes(model)
    (target / "bundle.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"requires": {"scikit-learn": "0.1"}}, "pip install 'scikit-learn==0.1'"),
        ({"requires": {"no-such-package": "1"}}, "none is installed"),
        ({"requires": ["scikit-learn"]}, "versions by package"),
        ({"methods": {"label": "__reduce__", "probabilities": "predict"}}, "one of decision_function"),
        ({"methods": {"label": "predict"}}, "'methods'"),
        ({"methods": None}, "'methods'"),
        ({"methods": {"label": ["predict"], "probabilities": "predict"}}, "one of"),
    ],
)
def test_a_manifest_cannot_ask_for_what_there_is_not(
    members: dict[str, object], says: str, kept: Bundle, tmp_path: Path
) -> None:
    model = Path(kept.model_path).read_bytes()
    rewritten(Path(kept.folder), tmp_path / "bundle", model, **members)
    bundle = Bundle.load(str(tmp_path / "bundle"))
    with pytest.raises(BundleError, match=says):
        served(bundle)


def test_what_is_no_pickle_is_refused(kept: Bundle, tmp_path: Path) -> None:
    rewritten(Path(kept.folder), tmp_path / "bundle", b"no pickle", allow_pickle=True)
    with pytest.raises(BundleError, match="cannot be loaded"):
        served(Bundle.load(str(tmp_path / "bundle")))


def test_columns_of_several_types_reach_the_estimator_as_a_frame(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"age": range(40), "city": ["Rome", "Oslo"] * 20, "member": [True, False, False, True] * 10}
    )
    target = (frame["age"] > 20) ^ (frame["city"] == "Oslo")
    pipeline = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), ["city"]), (FunctionTransformer(np.sqrt), ["age"]), remainder="passthrough"
        ),
        KNeighborsClassifier(3),
    ).fit(frame, target)
    joblib.dump(pipeline, tmp_path / "model.joblib")
    frame.assign(target=target).to_csv(tmp_path / "rows.csv", index=False)
    bundle = build(order(tmp_path, tmp_path, allow_pickle=True)).bundle
    assert bundle.runtime == "joblib"
    body = json.dumps(
        {"rows": [{"age": 30, "city": "Rome", "member": False}, {"age": 1, "city": "Oslo", "member": True}]}
    )
    answer = json.loads(served(bundle).answer(Request("POST", "/predict", {}, body.encode())).body)
    expected = pipeline.predict(
        pd.DataFrame({"age": [30, 1], "city": ["Rome", "Oslo"], "member": [False, True]})
    )
    assert [each["label"] for each in answer["predictions"]] == expected.tolist()


def test_a_class_of_nobodys_package_is_refused_by_name(tmp_path: Path, cancer: pd.DataFrame) -> None:
    (tmp_path / "homemade.py").write_text(
        "from sklearn.neighbors import KNeighborsClassifier\nclass Mine(KNeighborsClassifier):\n    pass\n"
    )
    cancer.to_csv(tmp_path / "rows.csv", index=False)
    code = (
        "import joblib, pandas as pd; from homemade import Mine; rows = pd.read_csv('rows.csv')\n"
        "joblib.dump(Mine().fit(rows.drop(columns='target'), rows['target']), 'model.joblib')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    words = [
        "build",
        "model.joblib",
        "--sample",
        "rows.csv",
        "--target",
        "target",
        "--name",
        "x",
        "--allow-pickle",
    ]
    done = subprocess.run(
        [Path(sys.executable).with_name("onehandler"), *words],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "homemade" in done.stderr
    assert not (tmp_path / "build").exists() or not list((tmp_path / "build").rglob("bundle.json"))


# Python as the model.
@pytest.fixture
def doubler(tmp_path: Path) -> Path:
    folder = tmp_path / "doubler"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "model.pyc").write_bytes(b"old")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "model.py").write_text(CODE)
    (folder / "factor.txt").write_text("2")
    return folder


def python_order(model: Path, target: Path, allow_code: bool = True, **words: Any) -> Order:
    declared = parsed(inputs=("x:float32[any,3]",))
    options = Options(declared.inputs, allow_code=allow_code)
    return Order(model, None, "doubler", target / "bundles" / "doubler", options=options, **words)


def test_code_is_not_run_unless_asked_for(doubler: Path, tmp_path: Path) -> None:
    (doubler / "model.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(ConversionError, match="--allow-code"):
        build(python_order(doubler, tmp_path, allow_code=False))
    assert not (tmp_path / "ran").exists()


def test_a_class_with_files_of_its_own_is_bundled_and_served(doubler: Path, tmp_path: Path) -> None:
    bundle = build(python_order(doubler, tmp_path)).bundle
    assert set(bundle.manifest["files"]) == {"model.py", "factor.txt"}
    assert [(spec.name, spec.dtype.name, spec.shape) for spec in bundle.signature.outputs] == [
        ("y", "float32", (-1,)),
        ("name", "string", (-1,)),
    ]
    handler = Handler.load(bundle.folder, Settings({}))
    body = json.dumps({"rows": [[1, 2, 3], [4, 5, 6]]}).encode()
    answer = json.loads(handler.answer(Request("POST", "/predict", {}, body)).body)
    assert answer["predictions"] == [{"y": 12, "name": "from 1.00"}, {"y": 30, "name": "from 4.00"}]
    assert not list(Path(bundle.folder).rglob("__pycache__"))
    Bundle.load(bundle.folder)


def test_a_single_file_with_a_function_is_a_model(tmp_path: Path) -> None:
    file = tmp_path / "score.py"
    file.write_text("def predict(inputs):\n    return {'n': [len(row) for row in inputs['x'].nested()]}\n")
    bundle = build(python_order(file, tmp_path)).bundle
    assert bundle.signature.outputs[0].dtype.name == "int64"


def test_a_table_tells_what_the_code_takes(tmp_path: Path) -> None:
    file, rows = tmp_path / "score.py", tmp_path / "rows.csv"
    file.write_text(
        "def predict(inputs):\n    return {'city': [each[0].upper() for each in inputs['city'].nested()]}\n"
    )
    rows.write_text("age,city\n" + "1,Rome\n2,Oslo\n" * 5)
    order = Order(file, rows, "cities", tmp_path / "cities", options=Options(allow_code=True))
    bundle = build(order).bundle
    assert [(spec.name, spec.dtype.name) for spec in bundle.signature.inputs] == [
        ("age", "int64"),
        ("city", "string"),
    ]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("x = 1", "must define a function"),
        ("class A:\n def predict(self, i): ...\nclass B:\n def predict(self, i): ...", "2 such classes"),
        ("import nothing_like_this", "nothing_like_this"),
        ("def predict(", "SyntaxError"),
        ("class A:\n def __init__(self, folder): raise OSError('no')\n def predict(self, i): ...", "no"),
        ("def predict(inputs):\n    return {'y': [1.0]}", "one for each is needed"),
        ("def predict(inputs):\n    raise KeyError('z')", "answers no rows"),
        ("def predict(inputs):\n    return {'y': [object()] * len(inputs['x'].nested())}", "object"),
    ],
)
def test_code_that_is_no_model_is_refused(code: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "score.py"
    file.write_text(code)
    with pytest.raises(ConversionError, match=says):
        build(python_order(file, tmp_path))
    assert not (tmp_path / "bundles" / "doubler").exists()


def python_bundle(tmp_path: Path, change: Callable[[dict[str, Any]], None], code: str = "") -> Bundle:
    from hashlib import sha256

    file = tmp_path / "score.py"
    file.write_text("def predict(inputs):\n    return {'y': [row[0] for row in inputs['x'].nested()]}\n")
    folder = Path(build(python_order(file, tmp_path)).bundle.folder)
    manifest = json.loads((folder / "bundle.json").read_text())
    if code:
        (folder / "model.py").write_text(code)
        entry = {"bytes": len(code), "sha256": sha256(code.encode()).hexdigest()}
        manifest["files"]["model.py"] = entry
    change(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return Bundle.load(str(folder))


def test_a_manifest_that_does_not_allow_code_never_has_it_run(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'ran')!r}, 'w')"
    bundle = python_bundle(tmp_path, lambda manifest: manifest.pop("allow_code"), code)
    with pytest.raises(UntrustedBundle, match="--allow-code"):
        Handler.load(bundle, Settings({}))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "gives",
    [
        "{}",
        "{'y': ['a', 'b']}",
        "{'y': [1.0]}",
        "{'y': [[1.0], [2.0, 3.0]]}",
        "1 / 0",
        "{'y': np.array([None] * 2)}",
    ],
)
def test_what_the_code_gives_is_checked_and_never_a_500(gives: str, tmp_path: Path) -> None:
    code = f"import numpy as np\ndef predict(inputs):\n    return {gives}\n"
    handler = Handler.load(python_bundle(tmp_path, lambda _: None, code), Settings({}))
    body = json.dumps({"rows": [[1, 2, 3], [1, 2, 3]]}).encode()
    assert handler.answer(Request("POST", "/predict", {}, body)).status == 422


def test_a_closed_model_says_so(tmp_path: Path, kept: Bundle) -> None:
    for handler in (Handler.load(python_bundle(tmp_path, lambda _: None), Settings({})), served(kept)):
        handler.close()
        with pytest.raises(ModelError, match="closed"):
            handler.runtime.run({})


def test_pickles_protocol_is_no_matter(unconvertible: Path, tmp_path: Path) -> None:
    model = joblib.load(unconvertible / "model.joblib")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model, protocol=2))
    made = build(
        Order(
            tmp_path / "model.pkl",
            unconvertible / "rows.csv",
            "c",
            tmp_path / "c",
            drop="target",
            allow_pickle=True,
        )
    )
    served(made.bundle)
