"""JSON Lines: a value a line, errors by line."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import json, json_lines
from onehandler.errors import MalformedBody, TooLarge

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab\n", max_size=4), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(VALUES, min_size=1, max_size=6))
def test_what_is_written_is_read(values: list[Any]) -> None:
    assert list(json_lines.loads(json_lines.dumps(values))) == values


def test_blank_lines_and_any_line_end() -> None:
    assert list(json_lines.loads(b"\r\n[1]\r\n\n {}\n  ")) == [[1], {}]


def test_tokens_where_they_are_allowed() -> None:
    assert math.isnan(next(json_lines.loads(b"NaN", partial(json.loads, tokens=True))))
    assert json_lines.dumps([math.inf], tokens=True) == b"Infinity\n"
    with pytest.raises(MalformedBody):
        list(json_lines.loads(b"NaN"))


@pytest.mark.parametrize(("body", "where"), [(b"1\n2 3", "line 2"), (b"1\n\n[1,", "line 3")])
def test_errors_say_the_line(body: bytes, where: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        list(json_lines.loads(body))
    assert caught.value.where.startswith(where)


def test_depth_is_limited_on_every_line() -> None:
    with pytest.raises(TooLarge) as caught:
        list(json_lines.loads(b"1\n" + b"[" * 70 + b"]" * 70))
    assert caught.value.where == "line 2"
