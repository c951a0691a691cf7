"""Arrays that are read in parts become the tensors that they become at once, or are refused as they are at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onehandler.codecs import json_parts
from onehandler.conversion import converted
from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput
from onehandler.large_array import LargeArray
from onehandler.large_rows import tensors_of_table
from onehandler.message import Request
from onehandler.rows import tensor_from_nested, tensors_from_columns, tensors_from_rows
from onehandler.signature import Signature
from onehandler.tensor import Tensor
from tests import bundles
from tests.small_parts import small_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from onehandler.handler import Handler
    from onehandler.tensor import Tensors


def signature(*inputs: dict[str, Any]) -> Signature:
    return Signature.from_json({"inputs": list(inputs), "outputs": [bundles.spec("y", "float32", [-1])]})


TABLE = signature(bundles.spec("X", "float32", [-1, 2], ["a", "b"]))
MIXED = signature(bundles.spec("a", "float64", [-1]), bundles.spec("b", "string", [-1, 1]))
NUMBERS = signature(bundles.spec("X", "int64", [-1]))
TEXTS = signature(bundles.spec("X", "string", [-1]))
NIBBLES = signature(bundles.spec("X", "int4", [-1, 3], ["a", "b", "c"]))
IMAGES = signature(bundles.spec("X", "float32", [-1, 2, 2]))
FREE = signature(bundles.spec("X", "float32", [-1, -1]))
WIDE = signature(bundles.spec("X", "float32", [-1, 40], [f"c{number}" for number in range(40)]))
CELLS = signature(bundles.spec("X", "string", [-1, 2], ["a", "b"]))

number = st.floats(width=32, allow_nan=False, allow_infinity=False)
text = st.text(st.sampled_from('],[ {}":\\ab\n'), max_size=8)
pair = st.lists(number, min_size=2, max_size=2)
CASES: dict[str, tuple[Signature, Any]] = {
    "lists": (TABLE, pair),
    "objects": (TABLE, st.fixed_dictionaries({"a": number, "b": number})),
    "lists or objects": (TABLE, pair | st.fixed_dictionaries({"a": number, "b": number})),
    "lists, some too short": (TABLE, st.lists(number, min_size=1, max_size=2)),
    "objects, some with others": (TABLE, st.dictionaries(st.sampled_from(["a", "b", "c"]), number)),
    "by the input's name": (TABLE, st.fixed_dictionaries({"X": pair})),
    "mixed": (MIXED, st.tuples(number, text)),
    "mixed objects": (MIXED, st.fixed_dictionaries({"a": number, "b": text})),
    "numbers": (NUMBERS, st.integers(-(2**63), 2**63 - 1)),
    "numbers and others": (NUMBERS, st.integers(0, 9) | st.none() | st.just([1, 2])),
    "texts": (TEXTS, text),
    "4-bit numbers": (NIBBLES, st.lists(st.integers(-8, 7), min_size=3, max_size=3)),
    "images": (IMAGES, st.lists(pair, min_size=2, max_size=2)),
    "images, some ragged": (
        IMAGES,
        st.lists(st.lists(number, min_size=1, max_size=2), min_size=1, max_size=2),
    ),
    "images by name": (IMAGES, st.fixed_dictionaries({"X": st.lists(pair, min_size=2, max_size=2)})),
    "any width": (FREE, st.lists(number, min_size=1, max_size=3)),
    "wide": (WIDE, st.lists(number, min_size=39, max_size=40)),
    "wide objects": (WIDE, st.fixed_dictionaries({f"c{place}": number for place in range(40)})),
    "anything": (
        TABLE,
        st.recursive(st.none() | st.integers(0, 3), lambda inner: st.lists(inner, max_size=4)),
    ),
}
INDENTS = st.sampled_from([None, 0, 4])


@pytest.fixture(params=[False, True], ids=["cut anywhere", "cut between rows"], autouse=True)
def _small_parts(request: pytest.FixtureRequest) -> Iterator[None]:
    with small_parts(flat=request.param):
        yield


def outcome(read: Callable[[], Tensors]) -> Any:
    """What it gives, or that it refuses."""
    try:
        return {name: (tensor.dtype, tensor.shape, tensor.values()) for name, tensor in read().items()}
    except InvalidInput:
        return "refused"


def large(taken: Signature, value: Any, indent: int | None = None) -> Any:
    """As it is read in parts."""
    names = {name for spec in taken.inputs for name in (spec.name, *spec.columns)}
    return json_parts.loads(json.dumps(value, indent=indent).encode(), names)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_rows_are_the_same_in_parts(name: str, data: st.DataObject) -> None:
    taken, row = CASES[name]
    rows = data.draw(st.lists(row, max_size=30))
    read = large(taken, {"rows": rows}, data.draw(INDENTS))["rows"]
    expected = outcome(lambda: tensors_from_rows(taken, json.loads(json.dumps(rows))))
    assert outcome(lambda: tensors_from_rows(taken, read)) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_tensors_are_the_same_in_parts(name: str, data: st.DataObject) -> None:
    taken, row = CASES[name]
    spec = taken.inputs[0]
    rows = json.loads(json.dumps(data.draw(st.lists(row, max_size=30))))
    read = large(taken, {"rows": rows}, data.draw(INDENTS))["rows"]
    expected = outcome(lambda: {"X": tensor_from_nested(spec, rows, "X")})
    assert outcome(lambda: {"X": tensor_from_nested(spec, read, "X")}) == expected


COLUMNS: dict[str, tuple[Signature, dict[str, Any]]] = {
    "numbers": (TABLE, {"a": number, "b": number}),
    "some not there": (TABLE, {"a": number, "b": number | st.none()}),
    "texts": (CELLS, {"a": text, "b": text}),
    "4-bit numbers": (NIBBLES, {name: st.integers(-8, 7) for name in "abc"}),
    "several inputs": (MIXED, {"a": number, "b": text}),
    "images": (IMAGES, {"X": st.lists(pair, min_size=2, max_size=2)}),
    "one input by name": (NUMBERS, {"X": st.integers(-9, 9)}),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@pytest.mark.parametrize("name", COLUMNS)
@given(data=st.data())
def test_columns_are_the_same_in_parts(name: str, data: st.DataObject) -> None:
    taken, columns = COLUMNS[name]
    count = data.draw(st.integers(0, 30))
    least = data.draw(st.sampled_from([count, max(0, count - 1)]))
    found = {
        each: data.draw(st.lists(value, min_size=least, max_size=count)) for each, value in columns.items()
    }
    read = large(taken, {"columns": found}, data.draw(INDENTS))["columns"]
    expected = outcome(lambda: tensors_from_columns(taken, found))
    assert outcome(lambda: tensors_from_columns(taken, read)) == expected


WRONG: dict[str, tuple[Signature, list[Any], str]] = {
    "a cell": (TABLE, [[1, 2]] * 50 + [[1, "x"]] + [[1, 2]] * 50, "rows[50].b"),
    "a cell of an object": (TABLE, [{"a": 1, "b": 2}] * 50 + [{"a": 1, "b": "x"}], "rows[50].b"),
    "a width": (TABLE, [[1, 2]] * 50 + [[1]], "rows[50]"),
    "another width": (FREE, [[1, 2]] * 50 + [[1]], "rows[50]"),
    "a row": (TABLE, [[1, 2]] * 50 + [7], "rows[50]"),
    "a cell of a wide row": (WIDE, [[1] * 40] * 5 + [[1] * 30 + ["x"] + [1] * 9], "rows[5].c30"),
    "a wide row's width": (WIDE, [[1] * 40] * 5 + [[1] * 41], "rows[5]"),
    "a cell beyond a wide row": (WIDE, [[1] * 40] * 5 + [[1] * 40 + ["x"]], "rows[5][40]"),
    "an input": (MIXED, [{"a": 1, "b": "x"}] * 50 + [{"a": None, "b": "x"}], "rows[50] (input 'a')"),
    "a number": (NUMBERS, [1] * 50 + [1.5], "rows[50]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_row_at_fault_is_counted_from_the_beginning(name: str) -> None:
    taken, rows, where = WRONG[name]
    with pytest.raises(InvalidInput) as refused:
        tensors_from_rows(taken, large(taken, {"rows": rows})["rows"])
    assert refused.value.where == where


def test_what_is_large_is_a_large_array() -> None:
    assert isinstance(large(TABLE, {"rows": [[1, 2]] * 50})["rows"], LargeArray)


def test_an_element_at_fault_is_counted_from_the_beginning() -> None:
    rows = [[[1, 2], [3, 4]]] * 20 + [[[1, 2], [3, "x"]]]
    with pytest.raises(InvalidInput) as refused:
        tensor_from_nested(IMAGES.inputs[0], large(IMAGES, {"X": rows})["X"], "inputs.X")
    assert refused.value.where == "inputs.X[83]"


@pytest.mark.parametrize("count", [1, 127, 128, 129, 1000])
def test_a_table_in_parts(count: int) -> None:
    rows = [[float(number), 0.5] for number in range(count)]
    expected = outcome(lambda: tensors_from_rows(TABLE, rows))
    assert outcome(lambda: tensors_of_table(TABLE, iter(rows))) == expected


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="holds no row"):
        tensors_of_table(TABLE, iter([]))


@pytest.mark.parametrize(
    ("came", "taken"), [("float64", "float32"), ("float16", "float64"), ("int64", "int8"), ("int4", "int64")]
)
def test_numbers_are_converted_without_a_list_of_them(came: str, taken: str) -> None:
    values = [number % 8 for number in range(20_001)]
    tensor = Tensor.of(came, (20_001,), values)
    found = converted(dtype_named(taken), tensor, "x")
    assert (found.dtype.name, found.shape, found.values()) == (taken, (20_001,), values)


def test_a_number_that_is_too_large_is_told_with_its_place() -> None:
    tensor = Tensor.of("int64", (20_001,), [7] * 20_000 + [128])
    with pytest.raises(InvalidInput) as refused:
        converted(dtype_named("int8"), tensor, "x")
    assert refused.value.where == "x[20000]"
    assert converted(dtype_named("int8"), Tensor.of("int64", (0, 2), []), "x").shape == (0, 2)


def test_a_large_array_is_no_value() -> None:
    array = LargeArray(lambda: [[1]])
    for rows in ([array], [[array, 1]], [{"a": array, "b": 1}]):
        with pytest.raises(InvalidInput):
            tensors_from_rows(TABLE, rows)


@pytest.mark.parametrize(
    ("path", "body"),
    [("/predict", {"rows": [bundles.ROW] * 50_000}), ("/v1/models/wide:predict", {"instances": [[0.5]] * 3})],
)
def test_large_bodies_are_answered_like_small_ones(
    path: str, body: dict[str, list[Any]], handler_of: Callable[[str], Handler]
) -> None:
    handler = handler_of("wide" if "wide" in path else "iris")
    (form, rows), *_ = body.items()
    few = [{form: rows[:1]}, {form: rows[:3]}]
    answers = [
        handler.answer(Request("POST", path, {}, json.dumps(each, separators=(",", ":")).encode()))
        for each in few
    ]
    assert [answer.status for answer in answers] == [200, 200]
    one, three = (json.loads(answer.body)["predictions"] for answer in answers)
    assert three == one * 3
