"""Documents that are read in parts say what they say at once, and are refused for the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from onehandler.codecs import json as codec
from onehandler.codecs import json_outline, json_parts
from onehandler.errors import MalformedBody, OnehandlerError, TooLarge
from onehandler.large_array import LargeArray, listed, mapped
from tests.small_parts import names_in, small_parts, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.sampled_from('],[ {}":\\abé🌍\n'), max_size=12)
)
NAMES = st.sampled_from(["rows", "a", 'b"', "c:", "{", "é", "", "d\\"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=60,
)
KNOWN = {"rows", "a", 'b"', "c:", "{", "é", "", "d\\"}
INDENTS = st.sampled_from([None, 0, 2])


@pytest.fixture(params=[False, True], ids=["cut anywhere", "cut between rows"], autouse=True)
def _small_parts(request: pytest.FixtureRequest) -> Iterator[None]:
    with small_parts(flat=request.param):
        yield


def outcome(read: Any, body: bytes) -> Any:
    try:
        return whole(read(body))
    except OnehandlerError as error:
        return type(error)


def in_parts(body: bytes) -> Any:
    return json_parts.loads(body, KNOWN)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(VALUES, INDENTS)
def test_a_document_is_the_same(value: Any, indent: int | None) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=indent is None).encode()
    assert outcome(in_parts, body) == value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=400)
@given(VALUES, INDENTS, st.integers(0, 2**20), st.sampled_from(list(b'"[]{},:\\ 0x\x80')) | st.none())
@example([[1, 2]] * 20, None, 60, ord("]"))
@example([[1, 2]] * 20, None, 60, None)
@example({"rows": ["x" * 40] * 5}, None, 30, ord("\\"))
def test_a_damaged_document_is_taken_or_refused_alike(
    value: Any, indent: int | None, place: int, byte: int | None
) -> None:
    """One byte is another, or lacks."""
    body = bytearray(json.dumps(value, indent=indent).encode())
    place %= len(body)
    body[place : place + 1] = b"" if byte is None else bytes([byte])
    expected = outcome(codec.loads, bytes(body))
    known = names_in(expected)
    assert outcome(lambda text: json_parts.loads(text, known), bytes(body)) == expected


ROWS = b"[1,2]," * 30 + b"[1,2]"
WRONG = {  # and where that is, if not where it is when it is read at once
    "two documents": (b'{"rows":[' + ROWS + b']}{"rows":[' + ROWS + b"]}", ""),
    "not closed": (b'{"rows":[' + ROWS + b"]", "line 1 column 1"),
    "closed wrongly": (b'{"rows":[' + ROWS + b"}]", "line 1 column 195"),
    "closed twice": (b'{"rows":[' + ROWS + b"]}]", "line 1 column 197"),
    "trailing comma": (b'{"rows":[' + ROWS + b",]}", ""),
    "a comma missing": (b'{"rows":[' + ROWS + b" [1,2]]}", ""),
    "an array for a name": (b"[{" + b"[1,2,3,4,5,6,7,8]" + b":1}," + ROWS + b"]", ""),
    "a comma first": (b'{"rows":[' + b" " * 40 + b"," + ROWS + b"]}", "line 1 column 50"),
    "a comma before the first member": (b"{" + b" " * 40 + b',"rows":[' + ROWS + b"]}", "line 1 column"),
    "two commas": (b'{"rows":[' + ROWS + b",,[1,2]]}", ""),
    "a word": (b'{"rows":[' + ROWS + b",[x,2]]}", ""),
    "NaN": (b'{"rows":[' + ROWS + b",[NaN,2]]}", "from line 1 column"),
    "not UTF-8": (b'{"rows":[' + ROWS + b',["\xff",2]]}', "from line 1 column"),
    "a name twice": (b'{"rows":[' + b'{"a":1,"b":2},' * 30 + b'{"a":1,"a":1,"b":2}]}', "from line 1 column"),
    "members twice": (b'{"rows":[' + ROWS + b'],"rows":[' + ROWS + b"]}", "from line 1 column 1 on"),
    "on another line": (b'{"rows":[\n' + b"[1,2],\n" * 30 + b" [1 2]]}", ""),
    "after large arrays": (b'{"a":[' + ROWS + b'],"b":[' + ROWS + b'],"c" 1}', ""),
    "a string not closed": (b'{"rows":[' + ROWS + b'],"a":"x\\"}', "line 1 column 201"),
    "a byte order mark": (b"\xef\xbb\xbf[" + ROWS + b"]", "from line 1 column 1 on"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place(name: str) -> None:
    body, place = WRONG[name]
    with pytest.raises(MalformedBody) as refused:
        whole(in_parts(body))
    with pytest.raises(MalformedBody) as at_once:
        codec.loads(body)
    if place:
        assert refused.value.where.startswith(place)
    else:
        assert (refused.value.where, refused.value.message) == (at_once.value.where, at_once.value.message)


def test_what_nobody_reads_must_be_json_too() -> None:
    with pytest.raises(MalformedBody):
        json_parts.loads(b'{"rows":[1],"index":[' + b"1," * 50 + b"x]}", {"rows"})


def test_depth_is_limited_as_at_once() -> None:
    deep = b"[" * 64 + b"1" + b"]" * 64
    assert whole(in_parts(deep)) == json.loads(deep)
    texts = b"[" * 64 + b'"[","{","\\"[","' + b"[" * 100 + b'"' + b"]" * 64
    assert whole(in_parts(texts)) == json.loads(texts)
    for body in (b"[" + deep + b"]", b"[" * 65 + b"1,2" + b"]" * 65, b"[" * 64 + b'"",{"a":1}' + b"]" * 64):
        with pytest.raises(TooLarge):
            whole(in_parts(body))


def test_a_large_object_keeps_what_is_known() -> None:
    others = ",".join(f'"x{number}":[1,2,3]' for number in range(10_000))
    body = f'{{{others},"rows":[{"1," * 20}1]}}'.encode()
    found = in_parts(body)
    assert len(found) == 10_001
    assert found["x5"] is None
    assert whole(found["rows"]) == [1] * 21
    with pytest.raises(TooLarge, match="10,000"):
        in_parts(b'{"y":1,' + body[1:])


def test_an_array_that_holds_a_large_one_is_large() -> None:
    value = {"a": [{"b": [{"rows": [1] * 100}]}]}
    found = in_parts(json.dumps(value).encode())
    assert isinstance(found["a"], LargeArray)
    assert whole(found) == value
    assert whole(found) == value  # once more


def test_large_arrays_are_mapped_and_listed() -> None:
    numbers = in_parts(b"[" + b"1," * 99 + b"1]")
    assert listed(numbers, 99) is numbers
    assert listed(numbers, 100) == [1] * 100
    assert listed("x", 3) == "x"
    assert whole(mapped(numbers, lambda index, each: index + each)) == list(range(1, 101))
    assert mapped([5], lambda index, each: index + each) == [5]


def test_places_are_counted_in_characters() -> None:
    body = b"[1,\n" + "é🌍".encode() * 40_000 + b"x"
    assert json_outline.place(body, len(body) - 1) == "line 2 column 80001"
    assert json_outline.place(body, 0) == "line 1 column 1"
