"""Bodies that are read in parts are read as they would be at once, or left to that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.errors import InvalidInput
from onehandler.message import Request
from onehandler.protocols import large_rows
from onehandler.rows import tensors_from_rows
from onehandler.signature import Signature
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable

    from onehandler.handler import Handler
    from onehandler.tensor import Tensors


def signature(*inputs: dict[str, Any]) -> Signature:
    return Signature.from_json({"inputs": list(inputs), "outputs": [bundles.spec("y", "float32", [-1])]})


TABLE = signature(bundles.spec("X", "float32", [-1, 2], ["a", "b"]))
MIXED = signature(bundles.spec("a", "float64", [-1]), bundles.spec("b", "string", [-1, 1]))
NUMBERS = signature(bundles.spec("X", "int64", [-1]))
TEXTS = signature(bundles.spec("X", "string", [-1]))
IMAGES = signature(bundles.spec("X", "float32", [-1, 2, 2]))
FREE = signature(bundles.spec("X", "float32", [-1, -1]))

number = st.floats(width=32, allow_nan=False, allow_infinity=False)
text = st.text(st.sampled_from('],[ {}":\\ab\n'), max_size=8)
CASES: dict[str, tuple[Signature, Any]] = {
    "lists": (TABLE, st.lists(number, min_size=2, max_size=2)),
    "objects": (TABLE, st.fixed_dictionaries({"a": number, "b": number})),
    "lists or objects": (
        TABLE,
        st.lists(number, min_size=2, max_size=2) | st.fixed_dictionaries({"a": number, "b": number}),
    ),
    "lists, some too short": (TABLE, st.lists(number, min_size=1, max_size=2)),
    "mixed": (MIXED, st.tuples(number, text)),
    "mixed objects": (MIXED, st.fixed_dictionaries({"a": number, "b": text})),
    "numbers": (NUMBERS, st.integers(-(2**63), 2**63 - 1)),
    "numbers and others": (NUMBERS, st.integers(0, 9) | st.none() | st.just([1, 2])),
    "texts": (TEXTS, text),
    "images": (IMAGES, st.lists(st.lists(number, min_size=2, max_size=2), min_size=2, max_size=2)),
    "any width": (FREE, st.lists(number, min_size=1, max_size=3)),
}
SEPARATORS = ((",", ":"), (", ", ": "))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_rows, "_PART", 40)


def at_once(taken: Signature, rows: list[Any]) -> Any:
    return outcome(lambda: tensors_from_rows(taken, rows))


def outcome(read: Callable[[], Tensors]) -> Any:
    """What it gives, or what it refuses."""
    try:
        return {name: (tensor.shape, tensor.values()) for name, tensor in read().items()}
    except InvalidInput as error:
        return "refused", error.where.partition(".")[0]


def in_parts(taken: Signature, body: bytes) -> Any:
    found: list[tuple[str, Tensors] | None] = []

    def read() -> Tensors:
        found.append(large_rows.tensors_of_json(taken, body, "rows"))
        return found[0][1] if found[0] else {}

    told = outcome(read)
    return None if found == [None] else told


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_rows_are_the_same_in_parts(name: str, data: st.DataObject) -> None:
    taken, row = CASES[name]
    rows = data.draw(st.lists(row, min_size=1, max_size=30))
    body = json.dumps({"rows": rows}, separators=data.draw(st.sampled_from(SEPARATORS))).encode()
    found = in_parts(taken, body)
    if found is None:
        return
    expected = at_once(taken, json.loads(body)["rows"])
    if isinstance(expected, dict):
        assert found == expected
    else:  # of several rows at fault, and of ragged ones, any may be told
        assert found[0] == "refused"


@pytest.mark.parametrize(
    ("taken", "row"),
    [(TABLE, [1.5, 2.5]), (TABLE, {"a": 1, "b": 2}), (NUMBERS, 7), (IMAGES, [[1, 2], [3, 4]])],
)
@pytest.mark.parametrize("separators", SEPARATORS)
def test_the_plain_forms_are_cut(taken: Signature, row: Any, separators: tuple[str, str]) -> None:
    if row == 7 and separators[0] == ", ":
        return  # numbers alone are cut where nothing stands between them but a comma
    rows = [row] * 100
    body = json.dumps({"rows": rows}, separators=separators).encode()
    assert in_parts(taken, body) == at_once(taken, rows)
    named = json.dumps({"inputs": {"X": rows}}, separators=separators).encode()
    if not isinstance(row, dict):
        assert in_parts(taken, named) == at_once(taken, rows)


ROWS = b"[1,2]," * 30 + b"[1,2]"
UNPLAIN = {
    "another member": b'{"rows":[' + ROWS + b'],"a":1}',
    "the same member": b'{"rows":[' + ROWS + b'],"rows":[' + ROWS + b"]}",
    "two documents": b'{"rows":[' + ROWS + b']}{"rows":[' + ROWS + b"]}",
    "not closed": b'{"rows":[' + ROWS + b"]",
    "closed wrongly": b'{"rows":[' + ROWS + b"}]",
    "trailing comma": b'{"rows":[' + ROWS + b",]}",
    "a comma missing": b'{"rows":[' + ROWS + b" [1,2]]}",
    "another form": b'{"columns":[' + ROWS + b"]}",
    "an array": b"[" + ROWS + b"]",
    "NaN": b'{"rows":[' + ROWS + b",[NaN,2]]}",
    "not UTF-8": b'{"rows":[' + ROWS + b',["\xff",2]]}',
    "a name twice in a row": b'{"rows":[' + b'{"a":1,"b":2},' * 30 + b'{"a":1,"a":1,"b":2}]}',
    "no boundary": b'{"rows":[[1,2],[' + b" " * 200 + b"1,2]]}",
    "one row": b'{"rows":[[1,2]]}',
    "none": b'{"rows":[]}',
    "inputs of no name": b'{"inputs":[' + ROWS + b"]}",
    "inputs of another name": b'{"inputs":{"Y":[' + ROWS + b"]}}",
    "inputs as objects": b'{"inputs":{"X":[' + b'{"a":1,"b":2},' * 30 + b'{"a":1,"b":2}]}}',
    "rows by name": b'{"rows":{"X":[' + ROWS + b"]}}",
}


@pytest.mark.parametrize("name", UNPLAIN)
def test_anything_else_is_left_to_be_read_at_once(name: str) -> None:
    assert large_rows.tensors_of_json(TABLE, UNPLAIN[name], "rows") is None


def test_a_row_at_fault_is_counted_from_the_beginning() -> None:
    body = json.dumps({"rows": [[1, 2]] * 50 + [[1, "x"]] + [[1, 2]] * 50}).encode()
    with pytest.raises(InvalidInput) as refused:
        large_rows.tensors_of_json(TABLE, body, "rows")
    assert refused.value.where == "rows[50].b"


def test_an_input_without_its_name_is_cut_where_that_is_allowed() -> None:
    rows = [[1.5, 2.5]] * 100
    found = large_rows.tensors_of_json(
        TABLE, json.dumps({"inputs": rows}).encode(), "instances", unnamed=True
    )
    assert found is not None
    assert (found[0], outcome(lambda: found[1])) == ("inputs", at_once(TABLE, rows))


@pytest.mark.parametrize(
    ("where", "moved"),
    [
        ("rows[3]", "rows[13]"),
        ("rows[3].a[2]", "rows[13].a[2]"),
        ("inputs.X[3][1]", "inputs.X[13][1]"),
        ("input 'X[3]'", "input 'X[3]'"),
        ("", ""),
    ],
)
def test_only_the_rows_number_is_moved(where: str, moved: str) -> None:
    assert large_rows._moved(where, 10) == moved


@pytest.mark.parametrize("count", [1, 127, 128, 129, 1000])
def test_a_table_in_parts(count: int) -> None:
    rows = [[float(number), 0.5] for number in range(count)]
    assert outcome(lambda: large_rows.tensors_of_table(TABLE, iter(rows))) == at_once(TABLE, rows)


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(InvalidInput, match="holds no row"):
        large_rows.tensors_of_table(TABLE, iter([]))


@pytest.mark.parametrize(
    ("path", "body"),
    [("/predict", {"rows": [bundles.ROW] * 50_000}), ("/v1/models/wide:predict", {"instances": [[0.5]] * 3})],
)
def test_large_bodies_are_answered_like_small_ones(
    path: str,
    body: dict[str, list[Any]],
    handler_of: Callable[[str], Handler],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = handler_of("wide" if "wide" in path else "iris")
    monkeypatch.setattr("onehandler.protocols.native.LARGE", 100)
    monkeypatch.setattr("onehandler.protocols.tf_serving.LARGE", 10)
    (form, rows), *_ = body.items()
    few = [{form: rows[:1]}, {form: rows[:3]}]
    answers = [
        handler.answer(Request("POST", path, {}, json.dumps(each, separators=(",", ":")).encode()))
        for each in few
    ]
    assert [answer.status for answer in answers] == [200, 200]
    one, three = (json.loads(answer.body)["predictions"] for answer in answers)
    assert three == one * 3
