"""Tensor: values in, values out, numpy's view of it."""

from __future__ import annotations

from array import array
from math import inf, isnan, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.tensor import Tensor

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
NATIVE = [*INTEGERS, "float32", "float64"]
NUMPY = [*NATIVE, "bool", "float16"]
UNKNOWN_TO_NUMPY = [
    "string", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "int4", "uint4",
]  # fmt: skip


@pytest.mark.parametrize("name", INTEGERS)
@given(data=st.data())
def test_integers_as_numpy_stores_them(name: str, data: st.DataObject) -> None:
    bounds = np.iinfo(name)
    values = data.draw(st.lists(st.integers(int(bounds.min), int(bounds.max))))
    tensor = Tensor.of(name, (len(values),), values)
    assert (
        bytes(memoryview(tensor.data).cast("B") if values else b"") == np.array(values, dtype=name).tobytes()
    )
    assert tensor.values() == values


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_out_of_range_are_pointed_at(name: str) -> None:
    bounds = np.iinfo(name)
    for bad in (int(bounds.min) - 1, int(bounds.max) + 1, 10**30):
        with pytest.raises(InvalidInput, match=f"{name} takes {bounds.min} to {bounds.max}") as caught:
            Tensor.of(name, (2,), [0, bad], where="rows")
        assert caught.value.where == "rows[1]"


@given(values=st.lists(st.floats(width=32)))
def test_float32_as_numpy_stores_it(values: list[float]) -> None:
    tensor = Tensor.of("float32", (len(values),), values)
    assert np.array_equal(np.asarray(tensor), np.array(values, dtype=np.float32), equal_nan=True)


@given(values=st.lists(st.floats()))
def test_float64_comes_back_exactly(values: list[float]) -> None:
    found = Tensor.of("float64", (len(values),), values).values()
    assert all(a == b or (isnan(a) and isnan(b)) for a, b in zip(found, values, strict=True))


@pytest.mark.parametrize("bad", [3.5e38, -3.5e38, 1e300, 10**39])
def test_too_large_for_float32(bad: float) -> None:
    with pytest.raises(InvalidInput, match="too large for float32") as caught:
        Tensor.of("float32", (3,), [inf, bad, nan], where="input 'x'")
    assert caught.value.where == "input 'x'[1]"


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_whole_numbers_beyond_every_float(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"too large for {name}"):
        Tensor.of(name, (1,), [10**400])


def test_infinities_that_came_as_such_stay() -> None:
    assert Tensor.of("float32", (2,), [inf, -inf]).values() == [inf, -inf]


@pytest.mark.parametrize(
    ("dtype", "bad", "word"),
    [
        ("float32", "1", "numbers, not a string"),
        ("float32", True, "numbers, not a boolean"),
        ("float32", None, "numbers, not null"),
        ("int64", 1.0, "whole numbers, not a number"),
        ("int64", False, "whole numbers, not a boolean"),
        ("bool", 1, "true or false, not a number"),
        ("string", 1, "strings, not a number"),
        ("float16", [1], "numbers, not an array of 1"),
        ("int4", {}, "whole numbers, not an object of 0"),
    ],
)
def test_values_of_another_kind(dtype: str, bad: Any, word: str) -> None:
    good = {"string": "a", "bool": True}.get(dtype, 1)
    with pytest.raises(InvalidInput, match=f"{dtype} takes {word}") as caught:
        Tensor.of(dtype, (3,), [good, good, bad], where="x")
    assert caught.value.where == "x[2]"


@pytest.mark.parametrize(
    ("dtype", "shape", "data", "message"),
    [
        ("float32", (2,), bytes(7), r"float32\[2\] takes 8 contiguous bytes, 7 bytes came"),
        ("float32", (2,), bytes(9), "9 bytes came"),
        ("float32", (), b"", "takes 4 contiguous bytes"),
        ("float32", (1,), ["a"], "1 strings came"),
        ("string", (2,), ["a"], r"string\[2\] takes 2 strings, 1 strings came"),
        ("string", (1,), b"a", "takes 1 strings, 1 bytes came"),
        ("string", (0,), b"", "takes 0 strings, 0 bytes came"),
        ("int4", (3,), bytes(1), r"int4\[3\] takes 2 contiguous bytes"),
        ("int16", (2,), memoryview(bytes(8))[::2], "contiguous"),
    ],
)
def test_a_buffer_of_the_wrong_size(dtype: str, shape: tuple[int, ...], data: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Tensor(dtype_named(dtype), shape, data)


@pytest.mark.parametrize("name", NUMPY)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (0, 2)], ids=str)
@pytest.mark.parametrize("hold", [bytes, bytearray], ids=["read-only", "writable"])
def test_numpy_shares_the_buffer(name: str, shape: tuple[int, ...], hold: Any) -> None:
    raw = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(name)
    tensor = Tensor(dtype_named(name), shape, hold(raw.tobytes()))
    seen = np.asarray(tensor)
    assert (seen.dtype, seen.shape) == (np.dtype(name), shape)
    assert np.array_equal(seen, raw)
    assert not seen.flags.owndata
    if raw.size:
        assert np.shares_memory(seen, np.frombuffer(tensor.data, dtype=np.uint8))
        assert seen.flags.writeable is (hold is bytearray)


def test_numpy_outlives_the_tensor() -> None:
    seen = np.asarray(Tensor.of("float32", (3,), [1, 2, 3]))
    assert seen.tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", UNKNOWN_TO_NUMPY)
def test_numpy_is_refused_types_it_lacks(name: str) -> None:
    value = "a" if name == "string" else 1
    with pytest.raises(AttributeError, match=f"numpy has no element type {name}; use values"):
        _ = Tensor.of(name, (1,), [value]).__array_interface__


@pytest.mark.parametrize("name", [*NUMPY, *UNKNOWN_TO_NUMPY])
@pytest.mark.parametrize(
    ("shape", "nested"), [((0,), []), ((0, 3), []), ((2, 0), [[], []]), ((1, 2, 0), [[[], []]])]
)
def test_no_elements(name: str, shape: tuple[int, ...], nested: list[Any]) -> None:
    tensor = Tensor.of(name, shape, [])
    assert (tensor.size, tensor.nbytes, tensor.values(), tensor.nested()) == (0, 0, [], nested)


@given(shape=st.lists(st.integers(1, 4), max_size=4))
def test_nested_lists_as_numpy_makes_them(shape: list[int]) -> None:
    values = np.arange(int(np.prod(shape))).reshape(shape)
    assert Tensor.of("int64", shape, values.ravel().tolist()).nested() == values.tolist()


def test_bytes_of_strings_are_those_of_utf_8() -> None:
    assert Tensor.of("string", (2,), ["é", "a"]).nbytes == 3


def test_any_buffer_gives_values() -> None:
    numbers = array("h", [1, -2, 3])
    kind = dtype_named("int16")
    for data in (numbers, numbers.tobytes(), memoryview(numbers), array("B", numbers.tobytes())):
        assert Tensor(kind, (3,), data).values() == [1, -2, 3]


def test_an_unknown_type_by_name() -> None:
    with pytest.raises(InvalidInput, match="no element type 'float128'; there are float32"):
        Tensor.of("float128", (1,), [1.0])


def test_repr() -> None:
    assert repr(Tensor.of("int8", (1, 2), [1, 2])) == "Tensor(int8[1, 2])"
