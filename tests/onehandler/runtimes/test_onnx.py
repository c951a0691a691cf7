"""Our answers are, byte for byte, those of the onnxruntime package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from onehandler.dtypes import dtype_named
from onehandler.runtimes.onnx import OnnxModel, open_model
from onehandler.tensor import Tensor
from tests.onehandler.runtimes.models import (
    NUMPY_TYPES,
    ONNX_TYPES,
    SMALL_TYPES,
    content,
    identity,
    oracle,
    save,
)

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = [(), (1,), (3,), (2, 3), (0,), (0, 4), (4, 0), (2, 1, 3)]
TEXTS = ["", "plain", "Łódź 🌍", "a\0b", "\0", "long " * 4000, "e\u0301", "\U0010ffff"]


def sample(dtype: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor of every byte there is, in turn."""
    kind = dtype_named(dtype)
    count = int(np.prod(shape))
    if dtype == "string":
        return Tensor(kind, shape, [TEXTS[i % len(TEXTS)] for i in range(count)])
    size = kind.nbytes(count)
    raw = bytes((i * 37 + 11) % (2 if dtype == "bool" else 256) for i in range(size))
    if dtype.endswith("int4") and count % 2:
        raw = raw[:-1] + bytes([raw[-1] & 15])
    return Tensor(kind, shape, raw)


def agrees(path: str, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    model = open_model(path, 1)
    expected = oracle(path, inputs)
    for _ in range(4):  # from the third run on over bound memory, where that is possible
        outputs = model.run(inputs)
        assert {name: content(tensor) for name, tensor in outputs.items()} == expected
    assert [spec.name for spec in model.signature.outputs] == list(outputs)
    for spec in model.signature.outputs:
        assert outputs[spec.name].dtype is spec.dtype
    return outputs


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ONNX_TYPES)
def test_identity_of_every_type_and_shape(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    path = identity(tmp_path / "m.onnx", dtype, [f"d{i}" for i in range(len(shape))])
    given = sample(dtype, shape)
    outputs = agrees(path, {"x": given})
    assert content(outputs["y"]) == content(given)


@pytest.mark.parametrize("source", [*NUMPY_TYPES, *SMALL_TYPES])
def test_cast_from_every_type(source: str, tmp_path: Path) -> None:
    targets = ["float32", "float64", "int64", "string", "float16"]
    if source in SMALL_TYPES:
        targets = ["float32", "float16"]
    nodes = [helper.make_node("Cast", ["x"], [target], to=ONNX_TYPES[target]) for target in targets]
    path = save(
        tmp_path / "m.onnx", nodes, [("x", source, ["n"])], [(target, target, ["n"]) for target in targets]
    )
    values = [True, False, True] if source == "bool" else [0, 1, 3]
    agrees(path, {"x": Tensor.of(source, (3,), values)})


@pytest.mark.parametrize("target", [*NUMPY_TYPES, *SMALL_TYPES])
def test_cast_to_every_type_rounds_as_we_do(target: str, tmp_path: Path) -> None:
    node = helper.make_node("Cast", ["x"], ["y"], to=ONNX_TYPES[target])
    path = save(tmp_path / "m.onnx", [node], [("x", "float32", ["n"])], [("y", target, ["n"])])
    numbers = [0.0, 1.0, 0.1875, 3.14159, 17.0, 100.3]
    outputs = agrees(path, {"x": Tensor.of("float32", (6,), numbers)})
    if dtype_named(target).family == "float":
        exact = np.array(numbers, dtype=np.float32).astype(np.float64).tolist()
        assert outputs["y"].values() == Tensor.of(target, (6,), exact).values()


@pytest.mark.parametrize("dtype", ["int4", "uint4"])
def test_quantised_to_four_bits(dtype: str, tmp_path: Path) -> None:
    zero = helper.make_tensor("zero", ONNX_TYPES[dtype], [], [0])
    scale = numpy_helper.from_array(np.array(0.5, dtype=np.float32), "scale")
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"]),
        helper.make_node("DequantizeLinear", ["given", "scale", "zero"], ["d"]),
    ]
    inputs = [("x", "float32", ["n"]), ("given", dtype, ["m"])]
    path = save(
        tmp_path / "m.onnx", nodes, inputs, [("q", dtype, ["n"]), ("d", "float32", ["m"])], [zero, scale]
    )
    values = [0, 1, 2, 3, 7]
    outputs = agrees(
        path, {"x": Tensor.of("float32", (4,), [0.5, 1.0, 3.5, 0.0]), "given": Tensor.of(dtype, (5,), values)}
    )  # an even number comes out: ONNX Runtime leaves the last half byte of an odd one as it found it
    assert outputs["q"].values() == [1, 2, 7, 0]
    assert outputs["d"].values() == [value / 2 for value in values]


def test_several_inputs_and_outputs_with_shapes_that_change(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["a", "b"], ["product"]),
        helper.make_node("Shape", ["product"], ["shape"]),
        helper.make_node("NonZero", ["a"], ["where"]),
        helper.make_node("Greater", ["product", "one"], ["large"]),
        helper.make_node("Identity", ["text"], ["echo"]),
    ]
    inputs = [("a", "float32", ["n", 3]), ("b", "float32", [3, "m"]), ("text", "string", ["k"])]
    outputs = [
        ("product", "float32", ["n", "m"]),
        ("shape", "int64", [2]),
        ("where", "int64", [2, "z"]),
        ("large", "bool", ["n", "m"]),
        ("echo", "string", ["k"]),
    ]
    one = numpy_helper.from_array(np.array(1, dtype=np.float32), "one")
    path = save(tmp_path / "m.onnx", nodes, inputs, outputs, [one])
    model = open_model(path, 2)
    for rows, columns in ((1, 1), (1, 1), (4, 2), (0, 2), (4, 0), (1, 1)):
        given = {
            "a": Tensor.of("float32", (rows, 3), [i % 3 for i in range(3 * rows)]),
            "b": Tensor.of("float32", (3, columns), range(3 * columns)),
            "text": Tensor.of("string", (columns,), TEXTS[:columns]),
        }
        found = {name: content(tensor) for name, tensor in model.run(given).items()}
        assert found == oracle(path, given)


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> OnnxModel:
    return open_model(identity(tmp_path_factory.mktemp("echo") / "m.onnx", "string", ["n"]), 1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_strings_come_back(echo: OnnxModel, texts: list[str]) -> None:
    assert echo.run({"x": Tensor.of("string", (len(texts),), texts)})["y"].data == texts


def test_declared_signature(tmp_path: Path) -> None:
    nodes = [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Shape", ["x"], ["s"])]
    outputs = [("y", "float16", ["batch", None, 7]), ("s", "int64", [3])]
    path = save(tmp_path / "m.onnx", nodes, [("x", "float16", ["batch", None, 7])], outputs)
    signature = open_model(path, 1).signature
    assert [(s.name, s.dtype.name, s.shape) for s in signature.inputs] == [("x", "float16", (-1, -1, 7))]
    assert [(s.name, s.dtype.name, s.shape) for s in signature.outputs] == [
        ("y", "float16", (-1, -1, 7)),
        ("s", "int64", (3,)),
    ]


def test_names_in_any_script(tmp_path: Path) -> None:
    node = helper.make_node("Identity", ["größe 🌍"], ["résultat"])
    path = save(tmp_path / "m.onnx", [node], [("größe 🌍", "int64", [1])], [("résultat", "int64", [1])])
    model = open_model(path, 1)
    assert model.run({"größe 🌍": Tensor.of("int64", (1,), [5])})["résultat"].values() == [5]
