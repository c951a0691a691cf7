from __future__ import annotations

import json
from typing import Any

import pytest

from local_emulator.aws.event_sources.errors import InvalidMapping
from local_emulator.aws.event_sources.filters import parse_filters


def passes(pattern: Any, body: Any, **fields: Any) -> bool:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    filters = parse_filters({"Filters": [{"Pattern": text}]})
    assert filters is not None
    return filters.passes({"body": body if isinstance(body, str) else json.dumps(body), **fields})


@pytest.mark.parametrize(
    ("conditions", "matching", "other"),
    [
        (["x", "y"], ["x", "y", ["z", "y"]], ["z", "X", None, 1, []]),
        ([3], [3, 3.0], ["3", True, 4]),
        ([True], [True], [1, "true", False]),
        ([None], [None], ["", 0, "null"]),
        ([""], [""], [None, " "]),
        ([{"prefix": "ab"}], ["ab", "abc"], ["a", "Ab", 3]),
        ([{"suffix": ".csv"}], ["a.csv"], ["a.CSV", "csv"]),
        ([{"equals-ignore-case": "AbC"}], ["abc", "ABC"], ["ab"]),
        ([{"anything-but": ["x"]}], ["y", 1, None], ["x"]),
        ([{"anything-but": 3}], [4, "3"], [3]),
        ([{"anything-but": {"prefix": "tmp-"}}], ["x"], ["tmp-1"]),
        ([{"numeric": [">", 0, "<=", 5]}], [1, 5, 0.5], [0, 6, "3", True]),
        ([{"numeric": ["=", 3e2]}], [300], [301]),
        ([{"exists": True}], ["x", None, 0], []),
        ([{"exists": False}, "x"], ["x"], ["y"]),
    ],
)
def test_conditions(conditions: list[Any], matching: list[Any], other: list[Any]) -> None:
    pattern = {"body": {"field": conditions}}
    for value in matching:
        assert passes(pattern, {"field": value}), value
    for value in other:
        assert not passes(pattern, {"field": value}), value


def test_absent_fields() -> None:
    assert passes({"body": {"a": [{"exists": False}]}}, {"b": 1})
    assert not passes({"body": {"a": [{"exists": True}]}}, {"b": 1})
    assert not passes({"body": {"a": [{"anything-but": ["x"]}]}}, {"b": 1})
    assert not passes({"body": {"a": {"b": ["x"]}}}, {"a": "text"})


def test_and_or_and_nesting() -> None:
    pattern = {"body": {"a": {"b": ["x"]}, "$or": [{"c": [1]}, {"d": [{"exists": True}]}]}}
    assert passes(pattern, {"a": {"b": "x"}, "c": 1})
    assert passes(pattern, {"a": {"b": "x"}, "d": None})
    assert not passes(pattern, {"a": {"b": "x"}, "c": 2})
    assert not passes(pattern, {"a": {"b": "y"}, "c": 1})


def test_the_body_is_json_or_text_as_the_pattern_is() -> None:
    assert not passes({"body": {"a": [1]}}, "plain text")
    assert passes({"body": ["plain text"]}, "plain text")
    assert not passes({"body": [{"prefix": "{"}]}, {"a": 1})


def test_metadata_and_several_filters() -> None:
    attributes = {"kind": {"stringValue": "a", "dataType": "String"}}
    assert passes({"messageAttributes": {"kind": {"stringValue": ["a"]}}}, "x", messageAttributes=attributes)
    filters = parse_filters({"Filters": [{"Pattern": '{"body": ["a"]}'}, {"Pattern": '{"body": ["b"]}'}]})
    assert filters is not None
    assert [filters.passes({"body": body}) for body in "abc"] == [True, True, False]


@pytest.mark.parametrize("criteria", [None, {}, {"Filters": []}])
def test_no_filters(criteria: Any) -> None:
    assert parse_filters(criteria) is None


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"body": "x"}', "non-empty array"),
        ('{"body": []}', "non-empty array"),
        ('{"body": {"a": [{"wildcard": "a*"}]}}', "'wildcard' is not supported"),
        ('{"body": {"a": [{"cidr": "10.0.0.0/8"}]}}', "'cidr' is not supported"),
        ('{"body": {"a": [{"numeric": [">"]}]}}', "no operand"),
        ('{"body": {"a": [{"exists": "yes"}]}}', "no operand"),
        ('{"body": {"a": [{"prefix": "a", "suffix": "b"}]}}', "one operator"),
        ('{"body": {"a": [["x"]]}}', "no string, number"),
    ],
)
def test_patterns_that_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(InvalidMapping, match=reason):
        parse_filters({"Filters": [{"Pattern": pattern}]})


def test_too_many_filters_are_refused() -> None:
    with pytest.raises(InvalidMapping, match="11 filters"):
        parse_filters({"Filters": [{"Pattern": "{}"}] * 11})
