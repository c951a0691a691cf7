"""Runs over memory that stays: equal to any other run, whatever the model does with that memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper, numpy_helper

from onehandler.errors import ModelError
from onehandler.runtimes.onnx import OnnxModel, open_model
from onehandler.tensor import Tensor
from tests.onehandler.runtimes.models import Spec, save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onnx import NodeProto

ROWS: list[Spec] = [("x", "float32", ["n", 2])]
OUT: list[Spec] = [("y", "float32", ["n", 2])]


def model_of(
    folder: Path, *nodes: NodeProto, outputs: Sequence[Spec] = OUT, **named: np.ndarray
) -> OnnxModel:
    initializers = [numpy_helper.from_array(array, name) for name, array in named.items()]
    return open_model(save(folder / "m.onnx", list(nodes), ROWS, outputs, initializers), 1)


def doubled(folder: Path) -> OnnxModel:
    return model_of(folder, helper.make_node("Add", ["x", "x"], ["y"]))


def rows(*values: float) -> dict[str, Tensor]:
    return {"x": Tensor.of("float32", (len(values) // 2, 2), values)}


def is_bound(model: OnnxModel) -> bool:
    return model._bound is not None and any(model._bound._free.values())


def test_small_runs_are_bound_from_the_third_on(tmp_path: Path) -> None:
    model = doubled(tmp_path)
    for turn in range(10):
        assert model.run(rows(turn, 1))["y"].values() == [2 * turn, 2]
        assert is_bound(model) is (turn > 2)


def test_what_a_run_gave_stays_when_the_memory_is_used_again(tmp_path: Path) -> None:
    model = doubled(tmp_path)
    found = [model.run(rows(turn, turn))["y"] for turn in range(10)]
    assert [each.values() for each in found] == [[2 * turn, 2 * turn] for turn in range(10)]


def test_shapes_in_turn_and_large_ones_are_right(tmp_path: Path) -> None:
    model = doubled(tmp_path)
    for turn in range(100):
        count = 2 * (turn % 25 + 1) if turn % 3 else 40_000
        values = [float(turn + i) for i in range(count)]
        assert model.run(rows(*values))["y"].values() == [2 * value for value in values]
    assert is_bound(model)
    assert model._bound is not None
    assert len(model._bound._free) == 16
    assert (20_000, 2) not in {shape for key in model._bound._free for shape in key}


def test_an_output_that_is_the_input_is_no_output_of_our_memory(tmp_path: Path) -> None:
    outputs: list[Spec] = [("x", "float32", ["n", 2]), ("y", "float32", ["n", 2])]
    model = model_of(tmp_path, helper.make_node("Add", ["x", "x"], ["y"]), outputs=outputs)
    for turn in range(6):
        found = model.run(rows(turn, 1))
        assert (found["x"].values(), found["y"].values()) == ([turn, 1], [2 * turn, 2])


def test_a_branch_that_returns_an_outer_value(tmp_path: Path) -> None:
    def branch(name: str, node: NodeProto) -> object:
        out = helper.make_tensor_value_info(node.output[0], T.FLOAT, None)
        return helper.make_graph([node], name, [], [out])

    model = model_of(
        tmp_path,
        helper.make_node("ReduceSum", ["x"], ["sum"], keepdims=0),
        helper.make_node("Greater", ["sum", "zero"], ["positive"]),
        helper.make_node(
            "If",
            ["positive"],
            ["y"],
            then_branch=branch("then", helper.make_node("Identity", ["x"], ["kept"])),
            else_branch=branch("else", helper.make_node("Neg", ["x"], ["negated"])),
        ),
        zero=np.float32(0).reshape(()),
    )
    for sign in (1, -1, 1, 1, -1, -1, 1):
        assert model.run(rows(sign * 3, sign * 4))["y"].values() == [3, 4]


def test_a_model_whose_output_is_not_shaped_as_declared_is_run_without_binding(tmp_path: Path) -> None:
    node = helper.make_node("Slice", ["x", "start", "end"], ["y"])
    start, end = np.array([0], np.int64), np.array([1], np.int64)
    model = model_of(tmp_path, node, start=start, end=end)  # one row, however many came
    for turn in range(6):
        assert model.run(rows(turn, 1, 2, 3))["y"].values() == [turn, 1]
    assert model._bound is None


def test_an_error_is_the_same_error_and_ends_no_binding(tmp_path: Path) -> None:
    table = np.arange(6, dtype=np.float32).reshape(3, 2)
    path = save(
        tmp_path / "m.onnx",
        [helper.make_node("Gather", ["table", "x"], ["y"])],
        [("x", "int64", ["n"])],
        OUT,
        [numpy_helper.from_array(table, "table")],
    )
    model = open_model(path, 1)
    messages = set()
    for turn in range(8):
        if turn % 2:
            with pytest.raises(ModelError) as caught:
                model.run({"x": Tensor.of("int64", (1,), [7])})
            messages.add(str(caught.value))
        else:
            assert model.run({"x": Tensor.of("int64", (1,), [2])})["y"].values() == [4, 5]
    assert len(messages) == 1
    assert is_bound(model)


def test_string_outputs_are_read_beside_bound_ones(tmp_path: Path) -> None:
    outputs: list[Spec] = [("label", "string", ["n"]), ("y", "float32", ["n", 2])]
    model = model_of(
        tmp_path,
        helper.make_node("Add", ["x", "x"], ["y"]),
        helper.make_node("ArgMax", ["x"], ["index"], axis=1, keepdims=0),
        helper.make_node("Gather", ["names", "index"], ["label"]),
        outputs=outputs,
        names=np.array(["left", "right"], dtype=object),
    )
    for turn in range(6):
        found = model.run(rows(turn, 2))
        assert list(found) == ["label", "y"]
        assert (found["label"].values(), found["y"].values()) == (
            ["right" if turn < 2 else "left"],
            [2 * turn, 4],
        )
    assert is_bound(model)
