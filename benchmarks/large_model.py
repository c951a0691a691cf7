"""Makes models of any size: layers of fixed-seed weights, written straight into a file beside the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper

from onehandler.convert.build import Order, build

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.bundle import Bundle

WIDTH = 1024
LAYER = WIDTH * WIDTH * 4  # bytes
_SEED = 20
_WEIGHTS = "weights.bin"


def make_bundle(folder: Path, megabytes: int) -> Bundle:
    """Write such a model below `folder` and build its bundle; alternately MatMul and Gemm, tanh between them."""
    source = folder / f"source-{megabytes}"
    source.mkdir(parents=True)
    layers = megabytes * 1_000_000 // LAYER
    weights = np.random.default_rng(_SEED)
    with (source / _WEIGHTS).open("wb") as file:
        for _ in range(layers):
            file.write((weights.standard_normal((WIDTH, WIDTH), dtype=np.float32) / WIDTH**0.5).tobytes())
    model = source / "model.onnx"
    model.write_bytes(_model(layers).SerializeToString())
    bundle = build(Order(model, None, f"large-{megabytes}", folder / f"bundle-{megabytes}")).bundle
    (source / _WEIGHTS).unlink()
    return bundle


def inline(bundle: Bundle, folder: Path) -> Path:
    """The same model with its weights inside the graph, as most exporters write it below 2 GB."""
    target = folder / f"{bundle.name}-inline.onnx"
    onnx.save(onnx.load(bundle.model_path), target)
    return target


def _model(layers: int) -> onnx.ModelProto:
    nodes, given = [], "x"
    for index in range(layers):
        last = index == layers - 1
        kind = "Gemm" if index % 2 else "MatMul"
        nodes.append(helper.make_node(kind, [given, f"w{index}"], [f"h{index}"]))
        given = "y" if last else f"t{index}"
        nodes.append(helper.make_node("Tanh", [f"h{index}"], [given]))
    graph = helper.make_graph(
        nodes,
        "large",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", WIDTH])],
        [_outside(index) for index in range(layers)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _outside(index: int) -> onnx.TensorProto:
    tensor = onnx.TensorProto(
        name=f"w{index}",
        data_type=TensorProto.FLOAT,
        dims=[WIDTH, WIDTH],
        data_location=TensorProto.EXTERNAL,
    )
    for key, value in (("location", _WEIGHTS), ("offset", index * LAYER), ("length", LAYER)):
        tensor.external_data.add(key=key, value=str(value))
    return tensor
