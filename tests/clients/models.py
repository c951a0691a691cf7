"""Bundles that clients are tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from onehandler.dtypes import dtype_named
from tests import bundles
from tests.onehandler.protocols.echoes import DATATYPES

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from numpy.typing import NDArray

EVERY = "every"


def every_datatype(folder: Path, without: Collection[str] = ()) -> str:
    """Takes `in_FP32` and gives it as `out_FP32`, and so for each datatype, each [any, any]."""
    names = [name for name in DATATYPES if name not in without]
    nodes = [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in names]
    inputs, outputs = (
        [bundles.spec(f"{side}_{name}", DATATYPES[name], [-1, -1]) for name in names]
        for side in ("in", "out")
    )
    return bundles.write(folder / EVERY, EVERY, _model(nodes, inputs, outputs), inputs, outputs, [])


def half_plus_three(folder: Path) -> str:
    """x / 2 + 3, as version 123: the model of TensorFlow Serving's documentation."""
    name = "half_plus_three"
    inputs, outputs = [bundles.spec("x", "float32", [-1])], [bundles.spec("y", "float32", [-1])]
    nodes = [helper.make_node("Mul", ["x", "half"], ["a"]), helper.make_node("Add", ["a", "three"], ["y"])]
    constants = {"half": np.float32([0.5]), "three": np.float32([3])}
    model = _model(nodes, inputs, outputs, constants)
    return bundles.write(folder / name, name, model, inputs, outputs, [], version="123")


def documented(folder: Path) -> str:
    """`mymodel` of the Open Inference Protocol's document, whose answers are the ones printed there."""
    name = "mymodel"
    inputs = [bundles.spec("input0", "uint32", [2, 2]), bundles.spec("input1", "bool", [3])]
    outputs = [bundles.spec("output0", "float32", [3, 2])]
    printed = np.array([[1.0, 1.1], [2.0, 2.1], [3.0, 3.1]], np.float32)
    nodes = [
        helper.make_node("Cast", ["input0"], ["numbers"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["numbers"], ["ten"], keepdims=0),
        helper.make_node("Cast", ["input1"], ["flags"], to=onnx.TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["flags"], ["one"], keepdims=0),
        helper.make_node("Mul", ["printed", "one"], ["kept"]),
        helper.make_node("Mul", ["kept", "ten"], ["tenfold"]),
        helper.make_node("Div", ["tenfold", "ten"], ["output0"]),
    ]
    model = _model(nodes, inputs, outputs, {"printed": printed})
    return bundles.write(folder / name, name, model, inputs, outputs, [])


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    constants: dict[str, NDArray[Any]] | None = None,
) -> onnx.ModelProto:
    """An ONNX model of any element types."""
    graph = helper.make_graph(
        nodes,
        "test",
        [_value(each) for each in inputs],
        [_value(each) for each in outputs],
        [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    return model


def _value(entry: dict[str, Any]) -> onnx.ValueInfoProto:
    code = dtype_named(entry["dtype"]).code  # ONNX Runtime's numbers of element types are ONNX's
    return helper.make_tensor_value_info(
        entry["name"], code, [None if size == -1 else size for size in entry["shape"]]
    )
