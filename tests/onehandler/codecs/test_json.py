"""The strict JSON codec; tests/hostile has what it refuses over the wire."""

from __future__ import annotations

import json as standard
import math
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import json
from onehandler.errors import MalformedBody, OnehandlerError, TooLarge

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT
VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5),
    max_leaves=30,
)


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + "1" + closing * depth).encode()


@given(VALUES)
def test_what_json_can_say_survives(value: Any) -> None:
    assert json.loads(json.dumps(value)) == value


@given(VALUES)
def test_it_reads_what_the_standard_library_reads(value: Any) -> None:
    for body in (standard.dumps(value), standard.dumps(value, ensure_ascii=False, indent=1)):
        assert json.loads(body.encode()) == standard.loads(body)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_an_error_of_ours(body: bytes) -> None:
    try:
        value = json.loads(body)
    except OnehandlerError:
        return
    assert value == standard.loads(body.decode())


@given(st.text('[]{}",:\\1a ', max_size=200))
def test_any_brackets_give_a_value_or_an_error_of_ours(text: str) -> None:
    try:
        value = json.loads(text.encode())
    except OnehandlerError:
        return
    assert value == standard.loads(text)


@pytest.mark.parametrize(
    ("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"]":', "}]"), ('["[",', "]")]
)
def test_depth_is_counted_exactly(opening: str, closing: str) -> None:
    each = opening.count("[") - opening.count('"[') + opening.count("{")
    deepest = json.MAX_DEPTH // each
    many = b"[" + b"[]," * 100 + b"%s]"
    assert json.loads(nested(deepest, opening, closing)) is not None
    assert json.loads(many % nested(deepest - 1, opening, closing)) is not None
    with pytest.raises(TooLarge, match="deeper than 64"):
        json.loads(nested(deepest + 1, opening, closing))
    with pytest.raises(TooLarge, match="deeper than 64"):
        json.loads(many % nested(deepest + 1, opening, closing))


def test_brackets_in_strings_are_no_depth() -> None:
    value = ["[" * 500, {"{{{" * 99: '"[\\"['}, ["\\", "[" * 99]]
    assert json.loads(standard.dumps(value).encode()) == value


def test_depth_is_safe_on_a_small_stack() -> None:
    """Threads of other carriers may have far less than the main thread's 8 MB."""
    caught: list[BaseException] = []

    def read() -> None:
        for body in (b"[" * 1_000_000, b'{"a":' * 1_000_000, b'["]",' * 100_000):
            try:
                json.loads(body)
            except TooLarge as error:
                caught.append(error)

    before = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=read)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    assert len(caught) == 3


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"rows":\n [[1,\n   x]]}', "line 3 column 4"),
        (b"[1]\n[2]", "line 2 column 1"),
        (b'{"a":1e999}', "line 1 column 6"),
        (b'[1,\n"1e999", -1e999]', "line 2 column 10"),
        (b'{"a":[1,{"b":1,"b":2}]}', "$.*[1]"),
        (b'{"a":1,"a":2}', "$"),
        (b'["\xff"]', "byte 2"),
        (b"[NaN]", "body"),
        (b"", "body"),
    ],
)
def test_errors_say_where(body: bytes, where: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        json.loads(body)
    assert caught.value.where == where


@pytest.mark.parametrize(
    "body", [b'["1e999"]', b"[1e308]", b"[-1e-999]", b"[" + b"9" * 400 + b"]", b'["e000"]']
)
def test_large_is_not_too_large(body: bytes) -> None:
    assert json.loads(body) == standard.loads(body)


def test_tokens_are_javascripts() -> None:
    found = json.loads(b"[NaN, Infinity, -Infinity]", tokens=True)
    assert math.isnan(found[0])
    assert found[1:] == [math.inf, -math.inf]
    assert json.dumps(found, tokens=True) == b"[NaN,Infinity,-Infinity]"
    with pytest.raises(MalformedBody, match=r"1\.8e308"):
        json.loads(b"[1e999]", tokens=True)


def test_answers_spell_what_json_has_no_number_for() -> None:
    assert (
        json.dumps({"a": [math.nan, math.inf, -math.inf, 1.5]}) == b'{"a":["NaN","Infinity","-Infinity",1.5]}'
    )


def test_the_check_costs_little_on_a_large_body() -> None:
    """Linear: 1 MB of the worst kind of strings takes no seconds."""
    body = standard.dumps(['"\\[' * 50_000, "[" * 300_000, "e000" * 50_000] * 2).encode()
    assert len(json.loads(body)) == 6
