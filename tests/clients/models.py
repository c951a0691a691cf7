"""Bundles that clients are tried on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import helper

from onehandler.dtypes import dtype_named
from tests import bundles
from tests.onehandler.protocols.echoes import DATATYPES

if TYPE_CHECKING:
    from pathlib import Path

EVERY = "every"


def every_datatype(folder: Path) -> str:
    """Takes `in_FP32` and gives it as `out_FP32`, and so for each datatype, each [any, any]."""
    names = list(DATATYPES)
    sides = {
        side: [
            helper.make_tensor_value_info(f"{side}_{name}", dtype_named(DATATYPES[name]).code, [None, None])
            for name in names
        ]
        for side in ("in", "out")
    }
    nodes = [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in names]
    graph = helper.make_graph(nodes, EVERY, sides["in"], sides["out"])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.checker.check_model(model)
    specs = {
        side: [bundles.spec(f"{side}_{name}", DATATYPES[name], [-1, -1]) for name in names] for side in sides
    }
    return bundles.write(folder / EVERY, EVERY, model, specs["in"], specs["out"], [])


def half_plus_three(folder: Path) -> str:
    """x / 2 + 3, as version 123: the model of TensorFlow Serving's documentation."""
    name = "half_plus_three"
    inputs, outputs = [bundles.spec("x", "float32", [-1])], [bundles.spec("y", "float32", [-1])]
    nodes = [helper.make_node("Mul", ["x", "half"], ["a"]), helper.make_node("Add", ["a", "three"], ["y"])]
    constants = {"half": np.float32([0.5]), "three": np.float32([3])}
    model = bundles.make_model(nodes, inputs, outputs, constants)
    return bundles.write(folder / name, name, model, inputs, outputs, [], version="123")
