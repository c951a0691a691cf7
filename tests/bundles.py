"""Small bundles of every kind of signature, built anew in a folder: `build("iris", tmp_path)`.

| name | takes | gives |
| --- | --- | --- |
| iris | X float32 [any, 4], named columns | label int64 [any], probabilities float32 [any, 3] by class |
| mixed | age float32, visits int64, city string, each [any, 1] | score float32, city_bytes string, [any, 1] |
| regression | X float64 [any, 3], named, nullable | y float64 [any, 1] |
| image | pixels float32 [any, 8, 8] | digit string [any] |
| fixed | a float32 [2, 3], b float32 [3] | product float32 [2] |
| lookup | index int64 [any], fails above 9 | found float32 [any] |
| wide | x float32 [any, 1] | wide float32 [any, 50000] |
| division | a, b float32 [any] | quotient float32 [any]: NaN and infinities |

Those with declared preprocessing (photo, review) stand in tests/prepared.py.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

COLUMNS = ["sepal length", "sepal width", "petal length", "petal width"]
CLASSES = ["setosa", "versicolor", "virginica"]
ROW: list[float] = [5.1, 3.5, 1.4, 0.2]

_ONNX_TYPES = {
    "float32": T.FLOAT, "float64": T.DOUBLE, "uint8": T.UINT8, "int32": T.INT32, "int64": T.INT64, "string": T.STRING,
}  # fmt: skip


def spec(
    name: str, dtype: str, shape: Sequence[int], columns: Sequence[str] = (), nullable: bool = False
) -> dict[str, Any]:
    """One tensor of a manifest's signature."""
    entry: dict[str, Any] = {"name": name, "dtype": dtype, "shape": list(shape)}
    if columns:
        entry["columns"] = list(columns)
    return entry | ({"nullable": True} if nullable else {})


def build(name: str, folder: Path, /, **changes: Any) -> str:
    """Write the bundle of that name into a new folder below `folder`; `changes` replace manifest members."""
    if name in _PREPARED:
        from tests import prepared  # Pillow and tokenizers are not in every environment

        return prepared.build(name, folder, **changes)
    model, inputs, outputs, sample = _MODELS[name]()
    return write(folder / name, name, model, inputs, outputs, sample, **changes)


def write(
    target: Path,
    name: str,
    model: onnx.ModelProto,
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    sample: list[Any],
    /,
    files: dict[str, bytes] | None = None,
    **changes: Any,
) -> str:
    """Write any model as a bundle folder; `sample` is rows as clients send them."""
    target.mkdir(parents=True)
    contents = {"model.onnx": model.SerializeToString(), **(files or {})}
    for path, content in contents.items():
        (target / path).write_bytes(content)
    manifest = {
        "format": 1,
        "name": name,
        "version": "1",
        "runtime": "onnx",
        "model": "model.onnx",
        "signature": {"inputs": inputs, "outputs": outputs},
        "source": {"framework": "onnx.helper", "versions": {}},
        "files": {path: _entry(content) for path, content in contents.items()},
        "samples": {"rows": sample} if sample else {},
        "baseline": {},
        **changes,
    }
    (target / "bundle.json").write_text(json.dumps(manifest, indent=1))
    return str(target)


def make_model(
    nodes: list[onnx.NodeProto],
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    constants: dict[str, np.ndarray[Any, Any]] | None = None,
) -> onnx.ModelProto:
    """An ONNX model of these nodes, its inputs and outputs as the manifest's specs say."""
    graph = helper.make_graph(
        nodes,
        "test",
        [_value(each) for each in inputs],
        [_value(each) for each in outputs],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def _entry(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _value(entry: dict[str, Any]) -> onnx.ValueInfoProto:
    shape = ["N" if size == -1 else size for size in entry["shape"]]
    return helper.make_tensor_value_info(entry["name"], _ONNX_TYPES[entry["dtype"]], shape)


def _iris() -> _Made:
    weights = (np.arange(12, dtype=np.float32).reshape(4, 3) - 5) / 10
    inputs = [spec("X", "float32", [-1, 4], COLUMNS)]
    outputs = [spec("label", "int64", [-1]), spec("probabilities", "float32", [-1, 3], CLASSES)]
    nodes = [
        helper.make_node("MatMul", ["X", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
    ]
    return (
        make_model(nodes, inputs, outputs, {"weights": weights}),
        inputs,
        outputs,
        [dict(zip(COLUMNS, ROW, strict=True))],
    )


def _mixed() -> _Made:
    inputs = [
        spec("age", "float32", [-1, 1]),
        spec("visits", "int64", [-1, 1]),
        spec("city", "string", [-1, 1]),
    ]
    outputs = [spec("score", "float32", [-1, 1]), spec("city_bytes", "string", [-1, 1])]
    nodes = [
        helper.make_node("Cast", ["visits"], ["many"], to=T.FLOAT),
        helper.make_node("Add", ["age", "many"], ["score"]),
        helper.make_node("Identity", ["city"], ["city_bytes"]),
    ]
    sample = [{"age": 41.5, "visits": 3, "city": "Köln"}]
    return make_model(nodes, inputs, outputs), inputs, outputs, sample


def _regression() -> _Made:
    inputs = [spec("X", "float64", [-1, 3], ["a", "b", "c"], nullable=True)]
    outputs = [spec("y", "float64", [-1, 1])]
    nodes = [helper.make_node("MatMul", ["X", "weights"], ["y"])]
    weights = np.array([[1.0], [0.5], [-2.0]])
    sample = [{"a": 1.0, "b": None, "c": 3.0}, {"a": 1.0, "b": 2.0, "c": 3.0}]
    return make_model(nodes, inputs, outputs, {"weights": weights}), inputs, outputs, sample


def _image() -> _Made:
    inputs = [spec("pixels", "float32", [-1, 8, 8])]
    outputs = [spec("digit", "string", [-1])]
    weights = np.sin(np.arange(640, dtype=np.float32)).reshape(64, 10)
    names = np.array([f"digit {number}" for number in range(10)], dtype=object)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["best"], axis=1, keepdims=0),
        helper.make_node("Gather", ["names", "best"], ["digit"]),
    ]
    model = make_model(nodes, inputs, outputs, {"weights": weights, "names": names})
    return model, inputs, outputs, [[[float(i * j % 17) for i in range(8)] for j in range(8)]]


def _fixed() -> _Made:
    inputs = [spec("a", "float32", [2, 3]), spec("b", "float32", [3])]
    outputs = [spec("product", "float32", [2])]
    nodes = [helper.make_node("MatMul", ["a", "b"], ["product"])]
    return make_model(nodes, inputs, outputs), inputs, outputs, []


def _lookup() -> _Made:
    inputs = [spec("index", "int64", [-1])]
    outputs = [spec("found", "float32", [-1])]
    nodes = [helper.make_node("Gather", ["table", "index"], ["found"])]
    table = np.arange(10, dtype=np.float32) / 4
    return make_model(nodes, inputs, outputs, {"table": table}), inputs, outputs, [3, 7]


def _wide() -> _Made:
    inputs = [spec("x", "float32", [-1, 1])]
    outputs = [spec("wide", "float32", [-1, 50000])]
    nodes = [helper.make_node("MatMul", ["x", "ones"], ["wide"])]
    ones = np.ones((1, 50000), dtype=np.float32)
    return make_model(nodes, inputs, outputs, {"ones": ones}), inputs, outputs, [0.25]


def _division() -> _Made:
    inputs = [spec("a", "float32", [-1]), spec("b", "float32", [-1])]
    outputs = [spec("quotient", "float32", [-1])]
    nodes = [helper.make_node("Div", ["a", "b"], ["quotient"])]
    return make_model(nodes, inputs, outputs), inputs, outputs, [{"a": 1.0, "b": 2.0}, {"a": 9.0, "b": 3.0}]


_Made = tuple[onnx.ModelProto, list[dict[str, Any]], list[dict[str, Any]], list[Any]]
_MODELS: dict[str, Callable[[], _Made]] = {
    "iris": _iris,
    "mixed": _mixed,
    "regression": _regression,
    "image": _image,
    "fixed": _fixed,
    "lookup": _lookup,
    "wide": _wide,
    "division": _division,
}
NAMES = tuple(_MODELS)
_PREPARED = ("photo", "review")
