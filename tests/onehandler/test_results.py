"""Tensors as rows for people."""

from __future__ import annotations

import math

from onehandler.dtypes import dtype_named
from onehandler.results import named_rows, spelled
from onehandler.signature import Signature, TensorSpec
from onehandler.tensor import Tensor

_IN = [TensorSpec("x", dtype_named("float32"), (-1, 1))]


def output(name: str, dtype: str, *shape: int, columns: tuple[str, ...] = ()) -> TensorSpec:
    return TensorSpec(name, dtype_named(dtype), shape, columns)


def test_a_single_value_stands_unwrapped() -> None:
    signature = Signature(_IN, [output("y", "float64", -1, 1)])
    assert named_rows(signature, {"y": Tensor.of("float64", (2, 1), [1.5, 2])}) == [1.5, 2.0]


def test_named_columns_are_objects() -> None:
    signature = Signature(_IN, [output("p", "float64", -1, 2, columns=("no", "yes"))])
    outputs = {"p": Tensor.of("float64", (2, 2), [0.25, 0.75, 1, 0])}
    assert named_rows(signature, outputs) == [{"no": 0.25, "yes": 0.75}, {"no": 1.0, "yes": 0.0}]


def test_several_outputs_are_objects_by_name() -> None:
    signature = Signature(_IN, [output("label", "string", -1), output("s", "float64", -1, 2)])
    outputs = {"s": Tensor.of("float64", (1, 2), [1, 2]), "label": Tensor.of("string", (1,), ["yes"])}
    assert named_rows(signature, outputs) == [{"label": "yes", "s": [1.0, 2.0]}]


def test_higher_ranks_stay_nested() -> None:
    signature = Signature(_IN, [output("y", "int64", -1, 2, 2)])
    assert named_rows(signature, {"y": Tensor.of("int64", (1, 2, 2), [1, 2, 3, 4])}) == [[[1, 2], [3, 4]]]


def test_spelling_leaves_all_else_alone() -> None:
    value = {"a": [1, "x", None, True, 1e308, {"b": math.nan}], "c": [math.inf, -math.inf]}
    assert spelled(value) == {"a": [1, "x", None, True, 1e308, {"b": "NaN"}], "c": ["Infinity", "-Infinity"]}
