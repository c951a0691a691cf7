"""Rows and columns of Python values as tensors, checked against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.rows import tensor_from_nested, tensors_from_columns, tensors_from_rows
from onehandler.signature import Signature, TensorSpec

_OUT = [TensorSpec("y", dtype_named("float32"), (-1,))]


def spec(
    dtype: str, *shape: int, columns: tuple[str, ...] = (), nullable: bool = False, name: str = "x"
) -> TensorSpec:
    return TensorSpec(name, dtype_named(dtype), shape, columns, nullable)


def signature(*specs: TensorSpec) -> Signature:
    return Signature(specs, _OUT)


TABLE = signature(spec("float64", -1, 3, columns=("a", "b", "c")))
PAIR = signature(spec("float32", -1, 1, name="n"), spec("string", -1, name="s"))
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.lists(FLOATS, min_size=3, max_size=3), min_size=1, max_size=20))
def test_every_form_of_a_table_is_the_same_tensor(rows: list[list[float]]) -> None:
    expected = np.array(rows)
    names = ("a", "b", "c")
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    forms = [
        tensors_from_rows(TABLE, rows),
        tensors_from_rows(TABLE, objects),
        tensors_from_rows(TABLE, [{"x": row} for row in rows]),
        tensors_from_columns(TABLE, columns),
    ]
    for found in forms:
        assert np.array_equal(np.asarray(found["x"]), expected)


@given(
    st.integers(1, 3).flatmap(
        lambda rank: st.lists(st.integers(1, 4), min_size=rank, max_size=rank).flatmap(
            lambda shape: st.builds(
                lambda values: np.array(values, dtype=np.float32).reshape(shape),
                st.lists(
                    st.floats(width=32, allow_nan=False, allow_infinity=False),
                    min_size=int(np.prod(shape)), max_size=int(np.prod(shape)),
                ),
            )
        )
    )
)  # fmt: skip
def test_nested_lists_of_any_rank_are_numpys(value: Any) -> None:
    tensor = tensor_from_nested(spec("float32", *([-1] * value.ndim)), value.tolist(), "x")
    assert tensor.shape == value.shape
    assert np.array_equal(np.asarray(tensor), value)
    assert tensor.nested() == value.tolist()


def test_several_inputs_take_objects_and_lists() -> None:
    objects = tensors_from_rows(PAIR, [{"n": 1, "s": "a"}, {"s": "b", "n": [2.5]}])
    lists = tensors_from_rows(PAIR, [[1, "a"], [2.5, "b"]])
    columns = tensors_from_columns(PAIR, {"n": [1, 2.5], "s": ["a", "b"]})
    for found in (objects, lists, columns):
        assert (found["n"].shape, found["n"].values()) == ((2, 1), [1.0, 2.5])
        assert (found["s"].shape, found["s"].values()) == ((2,), ["a", "b"])


def test_missing_values_are_nan_where_the_signature_takes_them() -> None:
    nullable = signature(spec("float32", -1, 2, nullable=True))
    values = tensors_from_rows(nullable, [[None, 1], ["NaN", "-Infinity"]])["x"].values()
    assert [repr(value) for value in values] == ["nan", "1.0", "nan", "-inf"]
    with pytest.raises(InvalidInput, match="without missing values") as caught:
        tensors_from_rows(TABLE, [[1, 2, 3], [1, None, 3]])
    assert caught.value.where == "rows[1].b"


def test_whole_floats_are_integers() -> None:
    whole = signature(spec("int64", -1, 2))
    assert tensors_from_rows(whole, [[1.0, 2], [-3.0, 2.0**53]])["x"].values() == [1, 2, -3, 2**53]
    for value in (1.5, 2.0**54, float("inf"), True, "1"):
        with pytest.raises(InvalidInput, match="whole numbers") as caught:
            tensors_from_rows(whole, [[0, 0], [0, value]])
        assert caught.value.where == "rows[1][1]"


@pytest.mark.parametrize(
    ("rows", "where", "message"),
    [
        ({}, "rows", "must be an array of rows, an object of 0 came"),
        ([], "rows", "holds no row"),
        ([[1, 2]], "rows[0]", "has 2 values, the model takes 3"),
        ([[1, 2, 3], 5], "rows[1]", "must be an array or an object by column name, a number came"),
        ([[1, 2, "x"]], "rows[0].c", "takes numbers, not a string"),
        ([{"a": 1, "b": 2}], "rows[0]", "lacks 'c'"),
        ([{"a": 1, "b": 2, "c": 3, "secret": 4}], "rows[0]", "has 1 unknown name; there are 'a', 'b', 'c'"),
        ([{"a": 1, "b": 2, "secret": 3}], "rows[0]", "lacks 'c' and has 1 unknown name"),
    ],
)
def test_refusals_of_rows(rows: Any, where: str, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        tensors_from_rows(TABLE, rows)
    assert caught.value.where == where
    assert message in caught.value.message
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ([], "must be an object of arrays by column name"),
        ({"a": [1], "b": [1]}, "lacks 'c'"),
        ({"a": [], "b": [], "c": []}, "holds no row"),
        ({"a": [1], "b": [1, 2], "c": [1]}, "columns have 1 to 2 values"),
        ({"a": 1, "b": [1], "c": [1]}, "must be an array, a number came"),
    ],
)
def test_refusals_of_columns(columns: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        tensors_from_columns(TABLE, columns)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1, "has 0 dimensions, the model takes 2"),
        ([1], "has 1 dimensions, the model takes 2"),
        ([[1], [1, 2]], "is ragged in dimension 1"),
        ([[1], 1], "is ragged in dimension 1"),
        ([[[1]]], "takes numbers, not an array of 1"),
        ([[1, 2, 3]], r"takes shape \[any, 2\], \[1, 3\] came"),
    ],
)
def test_refusals_of_nested_lists(value: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        tensor_from_nested(spec("float32", -1, 2), value, "x")


def test_a_column_of_a_columns_fault_is_named() -> None:
    with pytest.raises(InvalidInput) as caught:
        tensors_from_columns(TABLE, {"a": [1, 2], "b": [1, "x"], "c": [1, 2]})
    assert caught.value.where == "columns[1].b"


def test_an_inputs_fault_names_the_input() -> None:
    with pytest.raises(InvalidInput) as caught:
        tensors_from_rows(PAIR, [[1, "a"], [1, 2]])
    assert "input 's'" in caught.value.where


def test_models_without_rows_refuse_rows() -> None:
    fixed = Signature([spec("float32", 2)], _OUT)
    for read in (tensors_from_rows, tensors_from_columns):
        with pytest.raises(InvalidInput, match="no row dimension"):
            read(fixed, [[1, 2]])
