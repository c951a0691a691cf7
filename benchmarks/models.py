"""The models that servers are compared with, each as scikit-learn's file (where it has one), ONNX and bundle."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks.demo_model import BUNDLE, JOBLIB, ROWS, SAMPLE, build, ensure_bundle
from onehandler.bundle_writer import Draft, write_bundle
from onehandler.dtypes import dtype_named
from onehandler.signature import Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

WORK = Path("build/bench/models")
_PIXELS = 28
_TREES = 500


@dataclass(frozen=True, slots=True)
class Served:
    """One model: its files, and one row of its input as JSON has it."""

    name: str
    bundle: Path
    joblib: Path | None
    row: list[Any]

    @property
    def onnx(self) -> Path:
        """The bundle's model, for whoever serves it otherwise."""
        return self.bundle / "model.onnx"

    @property
    def shape(self) -> list[int]:
        """Of one row in a batch of its own."""
        return list(np.asarray([self.row]).shape)


def forest() -> Served:
    """The demo's random forest on 30 features."""
    ensure_bundle()
    return Served("forest", BUNDLE, JOBLIB, _first_row())


def boosting() -> Served:
    """Gradient boosting with 500 trees on the demo's 30 features."""
    ensure_bundle()
    bundle, joblib = WORK / "boosting", WORK / "boosting.joblib"
    if not (bundle / "bundle.json").exists():
        WORK.mkdir(parents=True, exist_ok=True)
        _train_boosting(joblib)
        build(joblib, SAMPLE, bundle.name, WORK)
    return Served("boosting", bundle, joblib, _first_row())


def convolutional() -> Served:
    """Two convolutions over one grey image of 28 by 28, ten classes; the weights are drawn, not learnt."""
    bundle = WORK / "convolutional"
    row = np.random.default_rng(4).random((1, _PIXELS, _PIXELS)).round(3).tolist()
    if not (bundle / "bundle.json").exists():
        _write_convolutional(bundle, row)
    return Served("convolutional", bundle, None, row)


MODELS: dict[str, Callable[[], Served]] = {
    "forest": forest,
    "boosting": boosting,
    "convolutional": convolutional,
}


def _write_convolutional(target: Path, row: list[Any]) -> None:
    chance = np.random.default_rng(5)
    shapes = {"c1": (8, 1, 3, 3), "c2": (16, 8, 3, 3), "d": (16 * 7 * 7, 10)}
    weights = [
        numpy_helper.from_array(chance.normal(0, 0.2, shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    nodes = [
        helper.make_node("Conv", ["x", "c1"], ["a1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a1"], ["r1"]),
        helper.make_node("MaxPool", ["r1"], ["p1"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["p1", "c2"], ["a2"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a2"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["p2"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p2"], ["f"]),
        helper.make_node("MatMul", ["f", "d"], ["s"]),
        helper.make_node("Softmax", ["s"], ["y"], axis=1),
    ]
    sides = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, _PIXELS, _PIXELS]),
        helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10]),
    ]
    graph = helper.make_graph(nodes, "convolutional", sides[:1], sides[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    float32 = dtype_named("float32")
    signature = Signature(
        [TensorSpec("x", float32, (-1, 1, _PIXELS, _PIXELS))], [TensorSpec("y", float32, (-1, 10))]
    )
    files = {"model.onnx": model.SerializeToString()}
    samples = {"rows": [row]}
    write_bundle(Draft("convolutional", "1", "onnx", "model.onnx", signature, files, samples=samples), target)


def _train_boosting(target: Path) -> None:
    from joblib import dump
    from sklearn.datasets import load_breast_cancer
    from sklearn.ensemble import GradientBoostingClassifier

    data = load_breast_cancer(as_frame=True)
    diagnosis = data.target.map(dict(enumerate(data.target_names)))
    dump(GradientBoostingClassifier(n_estimators=_TREES, random_state=0).fit(data.data, diagnosis), target)


def _first_row() -> list[float]:
    with ROWS.open(newline="") as file:
        return [float(cell) for cell in next(csv.DictReader(file)).values()]
