"""Signature: what fits and what does not; its form in the manifest."""

from __future__ import annotations

from typing import Any

import pytest

from onehandler.dtypes import dtype_named
from onehandler.errors import BundleError, InvalidInput
from onehandler.signature import Signature, TensorSpec
from onehandler.tensor import Tensor

F32 = dtype_named("float32")
ROWS = TensorSpec("x", F32, (-1, 2), ("a", "b"), nullable=True)
NAME = TensorSpec("name", dtype_named("string"), (-1,))
OUT = TensorSpec("y", F32, (-1,))


def ones(*shape: int) -> Tensor:
    count = 1
    for size in shape:
        count *= size
    return Tensor.of("float32", shape, [1.0] * count)


def names(count: int) -> Tensor:
    return Tensor.of("string", (count,), ["n"] * count)


def test_json_and_back() -> None:
    signature = Signature([ROWS, NAME], [OUT])
    written = signature.to_json()
    assert written == {
        "inputs": [
            {"name": "x", "dtype": "float32", "shape": [-1, 2], "columns": ["a", "b"], "nullable": True},
            {"name": "name", "dtype": "string", "shape": [-1]},
        ],
        "outputs": [{"name": "y", "dtype": "float32", "shape": [-1]}],
    }
    assert Signature.from_json(written).to_json() == written


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({}, "needs name, dtype and shape"),
        ({"name": "x", "dtype": "float31", "shape": []}, "no element type 'float31'"),
        ({"name": "x", "dtype": "int8", "shape": ["n"]}, "'shape' has a string"),
        ({"name": "x", "dtype": "int8", "shape": [1.5]}, "'shape' has a number"),
        ({"name": "x", "dtype": "int8", "shape": [True]}, "'shape' has a boolean"),
        ({"name": "x", "dtype": "int8", "shape": None}, "needs name, dtype and shape"),
        ({"name": "x", "dtype": [], "shape": []}, "needs name, dtype and shape"),
        ({"name": "x", "dtype": "int8", "shape": [-2]}, r"shape \[-2\] has a size below -1"),
        ({"name": "x", "dtype": "int8", "shape": [3], "columns": ["a"]}, "1 columns for shape"),
        ({"name": "x", "dtype": "int8", "shape": [], "columns": ["a"]}, "1 columns for shape"),
        ("x", "needs name, dtype and shape"),
        (None, "needs name, dtype and shape"),
    ],
)
def test_entries_that_make_no_sense(entry: Any, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        TensorSpec.from_json(entry)


@pytest.mark.parametrize("found", [{}, {"inputs": [], "outputs": None}, {"inputs": {}, "outputs": []}])
def test_sides_that_are_no_lists(found: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="must be a list of tensors"):
        Signature.from_json(found)


@pytest.mark.parametrize(("inputs", "outputs"), [([], [OUT]), ([NAME], []), ([NAME, NAME], [OUT])])
def test_names_are_needed_and_differ(inputs: list[TensorSpec], outputs: list[TensorSpec]) -> None:
    with pytest.raises(BundleError, match="inputs and outputs of different names"):
        Signature(inputs, outputs)


def test_batched_when_every_first_dimension_counts_rows() -> None:
    fixed = TensorSpec("f", F32, (3,))
    scalar = TensorSpec("s", F32, ())
    assert Signature([ROWS, NAME], [OUT]).batched
    assert not Signature([ROWS, fixed], [OUT]).batched
    assert not Signature([ROWS], [scalar]).batched


def test_what_fits() -> None:
    Signature([ROWS, NAME], [OUT]).check_inputs({"name": names(3), "x": ones(3, 2)})
    Signature([ROWS, NAME], [OUT]).check_inputs({"name": names(0), "x": ones(0, 2)})
    Signature([TensorSpec("s", F32, ())], [OUT]).check_inputs({"s": ones()})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input 'x': is missing; the model takes 'x', 'name'"),
        ({"x": ones(1, 2)}, "input 'name': is missing"),
        ({"x": names(1), "name": names(1)}, "input 'x': takes float32, string came"),
        ({"x": ones(2), "name": names(1)}, r"input 'x': takes shape \[any, 2\], \[2\] came"),
        ({"x": ones(1, 3), "name": names(1)}, r"input 'x': takes shape \[any, 2\], \[1, 3\] came"),
        ({"x": ones(1, 2), "name": names(1), "z": ones(1)}, "1 inputs that the model does not have came"),
        ({"x": ones(1, 2), "name": names(2)}, "same number of rows; these came: 'x' 1, 'name' 2"),
    ],
)
def test_what_does_not_fit(inputs: dict[str, Tensor], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Signature([ROWS, NAME], [OUT]).check_inputs(inputs)


def test_rows_may_differ_where_nothing_is_batched() -> None:
    fixed = TensorSpec("f", F32, (3,))
    Signature([ROWS, fixed], [OUT]).check_inputs({"x": ones(1, 2), "f": ones(3)})


def test_messages_do_not_repeat_what_was_sent() -> None:
    with pytest.raises(InvalidInput) as caught:
        Signature([NAME], [OUT]).check_inputs({"name": names(1), "SECRET": names(1)})
    assert "SECRET" not in str(caught.value)


def test_repr() -> None:
    assert repr(ROWS) == "TensorSpec(x: float32[any, 2])"
