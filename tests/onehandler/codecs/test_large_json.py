"""Large documents take another way, to the same values and the same refusals."""

from __future__ import annotations

import json as standard
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import json, large_json
from onehandler.errors import OnehandlerError
from tests.onehandler.codecs.test_json import VALUES, nested

PADDING = b" " * json.LARGE
REFUSED = [
    b"",
    b"{",
    b"[1,]",
    b"\xef\xbb\xbf1",
    b"\xff",
    b"NaN",
    b"[1e999]",
    b"[-1e999]",
    b"[" + b"9" * 5000 + b"]",
    b'["\\ud800"]',
    b'{"a":1,"a":1}',
    b'{"rows":[{"a":1,"a":2}]}',
    b'{"rows":[[{"a":1,"a":2}]]}',
    b'{"a":{"b":1,"b":1}}',
    b'[{"a":1},{"b":1,"b":2}]',
    b'{"a":":","a":1}',
    b'{"a":"{","b":1,"b":1}',
    nested(65),
    nested(65, '{"a":', "}"),
    nested(2000),
]


def narrowed(value: Any) -> Any:
    """Whole numbers of more than 64 bits come as floats, which is what every tensor would make of them."""
    if type(value) is int and not -(1 << 63) <= value < 1 << 64:
        return float(value)
    if isinstance(value, list):
        return [narrowed(each) for each in value]
    if isinstance(value, dict):
        return {name: narrowed(each) for name, each in value.items()}
    return value


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: str(body[:24]))
def test_what_is_refused_is_refused_in_the_same_words(body: bytes) -> None:
    with pytest.raises(OnehandlerError) as small:
        json.loads(body)
    with pytest.raises(OnehandlerError) as large:
        json.loads(body + PADDING)
    if body:  # nothing but white space is another fault than nothing
        assert (type(large.value), large.value.message) == (type(small.value), small.value.message)


@given(VALUES)
def test_values_are_the_same(value: Any) -> None:
    body = standard.dumps(value).encode()
    assert json.loads(body + PADDING) == narrowed(value)
    assert math.copysign(1, json.loads(b"[-0.0]" + PADDING)[0]) == -1


@given(st.text('[]{}",:\\1e9a ', max_size=120))
def test_it_never_takes_what_is_refused(text: str) -> None:
    found = large_json.loads(text.encode())
    if found is not large_json.UNSURE and text.count("[") + text.count("{") <= json.MAX_DEPTH:
        assert found == narrowed(json.loads(text.encode()))


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert json.loads(json.dumps(value, held=json.MANY)) == value


def test_numbers_that_json_has_not_are_spelled_as_ever() -> None:
    value = {"outputs": [math.nan, math.inf, 1.5]}
    for tokens in (False, True):
        assert json.dumps(value, held=json.MANY, tokens=tokens) == json.dumps(value, tokens=tokens)


def test_tables_are_read_and_written_without_a_second_try() -> None:
    table = {"rows": [[float(row), 0.5] for row in range(1000)]}
    objects = {"rows": [{"a": float(row), "b": 0.5} for row in range(1000)]}
    for value in (table, objects):
        assert large_json.loads(standard.dumps(value).encode()) == value
        written = large_json.dumps(value)
        assert written is not None
        assert standard.loads(written) == value


def test_small_documents_do_not_load_it() -> None:
    code = (
        "import sys; from onehandler.codecs import json\n"
        "json.loads(b'[' + b'1,' * 50_000 + b'1]'); json.dumps([0.5] * 1000)\n"
        "assert 'orjson' not in sys.modules\n"
        "json.loads(b'[' + b'1,' * 500_000 + b'1]')\n"
        "assert 'orjson' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
