"""Small ONNX models, and the onnxruntime package as the oracle that runs them."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper

from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ONNX_TYPES = {
    "float32": T.FLOAT, "uint8": T.UINT8, "int8": T.INT8, "uint16": T.UINT16, "int16": T.INT16,
    "int32": T.INT32, "int64": T.INT64, "string": T.STRING, "bool": T.BOOL, "float16": T.FLOAT16,
    "float64": T.DOUBLE, "uint32": T.UINT32, "uint64": T.UINT64, "bfloat16": T.BFLOAT16,
    "float8e4m3fn": T.FLOAT8E4M3FN, "float8e4m3fnuz": T.FLOAT8E4M3FNUZ, "float8e5m2": T.FLOAT8E5M2,
    "float8e5m2fnuz": T.FLOAT8E5M2FNUZ, "uint4": T.UINT4, "int4": T.INT4,
}  # fmt: skip
_NUMPY_NAMES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32 float64"
NUMPY_TYPES = {name: np.dtype(name) for name in _NUMPY_NAMES.split()}
SMALL_TYPES = {
    "bfloat16": ml_dtypes.bfloat16,
    "float8e4m3fn": ml_dtypes.float8_e4m3fn,
    "float8e4m3fnuz": ml_dtypes.float8_e4m3fnuz,
    "float8e5m2": ml_dtypes.float8_e5m2,
    "float8e5m2fnuz": ml_dtypes.float8_e5m2fnuz,
}

Spec = tuple[str, str, "Sequence[int | str] | None"]


def save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: Sequence[Spec],
    outputs: Sequence[Spec],
    initializers: Sequence[onnx.TensorProto] = (),
) -> str:
    """Write a model of these nodes; specs are (name, type, shape)."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape) for name, dtype, shape in inputs],
        [helper.make_tensor_value_info(name, ONNX_TYPES[dtype], shape) for name, dtype, shape in outputs],
        list(initializers),
    )
    return write(path, graph)


def write(path: Path, graph: onnx.GraphProto) -> str:
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), str(path))
    return str(path)


def identity(path: Path, dtype: str, shape: Sequence[int | str]) -> str:
    """A model whose y is its x."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    if dtype.endswith("int4"):  # has no Identity on CPU
        nodes = [
            helper.make_node("Cast", ["x"], ["wide"], to=T.INT8),
            helper.make_node("Cast", ["wide"], ["y"], to=ONNX_TYPES[dtype]),
        ]
    return save(path, nodes, [("x", dtype, shape)], [("y", dtype, shape)])


def oracle(path: str, inputs: Mapping[str, Tensor]) -> dict[str, tuple[tuple[int, ...], Any]]:
    """What the onnxruntime package answers: by output name its shape and its bytes (strings: a list)."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kept = {name: as_numpy(tensor) for name, tensor in inputs.items()}
    names = [output.name for output in session.get_outputs()]
    if any(tensor.dtype.name == "string" for tensor in inputs.values()):
        arrays = session.run(names, kept)  # OrtValue takes no strings, arrays take no small types
        return {name: (array.shape, _array_content(array)) for name, array in zip(names, arrays, strict=True)}
    given = {name: _ort_value(tensor, kept[name]) for name, tensor in inputs.items()}
    found = session.run_with_ort_values(names, given)
    return {name: (tuple(value.shape()), _content(value)) for name, value in zip(names, found, strict=True)}


def as_numpy(tensor: Tensor) -> np.ndarray:
    if isinstance(tensor.data, list):
        return np.array(tensor.data, dtype=object).reshape(tensor.shape)
    raw = np.frombuffer(bytes(memoryview(tensor.data).cast("B")), dtype=np.uint8).copy()
    if tensor.dtype.bits < 8:  # two elements a byte; the oracle wants an array of the logical shape over them
        return np.concatenate([raw, np.zeros(tensor.size - len(raw), np.uint8)]).reshape(tensor.shape)
    kind = NUMPY_TYPES.get(tensor.dtype.name, {8: np.dtype("u1"), 16: np.dtype("u2")}.get(tensor.dtype.bits))
    return raw.view(kind).reshape(tensor.shape)


def _ort_value(tensor: Tensor, array: np.ndarray) -> ort.OrtValue:
    if tensor.dtype.name in NUMPY_TYPES:
        return ort.OrtValue.ortvalue_from_numpy(array)
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(array, ONNX_TYPES[tensor.dtype.name])


def _content(value: ort.OrtValue) -> Any:
    if value.element_type() == T.STRING:
        return value.numpy().ravel().tolist()
    size = value.tensor_size_in_bytes()
    return ctypes.string_at(value.data_ptr(), size) if size else b""


def _array_content(array: np.ndarray) -> Any:
    return array.ravel().tolist() if array.dtype == object else array.tobytes()


def content(tensor: Tensor) -> tuple[tuple[int, ...], Any]:
    """Our tensor in the oracle's form."""
    data = tensor.data
    return tensor.shape, data if isinstance(data, list) else bytes(memoryview(data).cast("B"))
