"""Binding expressions and output values, without a host."""

from __future__ import annotations

import re
import uuid

import pytest

from local_emulator.azure.bindings.expressions import UnresolvedExpression, expand, with_json
from local_emulator.azure.bindings.outputs import messages_of
from local_emulator.azure.triggers.blob import BlobPath
from local_emulator.azure.workers.contracts import Value


def test_names_nested_names_and_case() -> None:
    data = {"Name": "a", "Query": {"x": "1"}, "data": {"deep": {"er": 7}}}
    assert expand("c/{name}-{query.x}-{data.deep.er}.txt", data) == "c/a-1-7.txt"
    assert expand("{data.deep}", data) == '{"er": 7}'


def test_made_up_values() -> None:
    assert uuid.UUID(expand("{rand-guid}", {}))
    assert re.fullmatch("[0-9a-f]{32}", expand("{rand-guid:N}", {}))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ", expand("{DateTime}", {}))
    assert re.fullmatch(r"\d{4}/\d\d", expand("{DateTime:yyyy/MM}", {}))


@pytest.mark.parametrize("template", ["{nobody}", "{a.b}", "{rand-guid:X}", "{DateTime:dddd}"])
def test_what_cannot_be_resolved_is_an_error(template: str) -> None:
    with pytest.raises(UnresolvedExpression):
        expand(template, {"a": "text"})


def test_properties_of_a_json_body_can_be_named() -> None:
    data = with_json({"Id": "1"}, b'{"id": "2", "list": [1], "none": null, "n": 3}')
    assert data == {"Id": "2", "n": 3}
    assert with_json({"Id": "1"}, b"[1]") == {"Id": "1"}
    assert with_json({"Id": "1"}, b"\xff") == {"Id": "1"}


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        (Value("string", "text"), [b"text"]),
        (Value("bytes", b"\xff"), [b"\xff"]),
        (Value("string", '["a", {"b": 1}, 2]'), [b"a", b'{\n  "b": 1\n}', b"2"]),
        (Value("json", '{"a": "é"}'), ['{\n  "a": "é"\n}'.encode()]),
        (Value("string", "7"), [b"7"]),
    ],
    ids=["text", "bytes", "array", "object", "number"],
)
def test_messages_of_an_output(value: Value, messages: list[bytes]) -> None:
    assert messages_of(value) == messages


@pytest.mark.parametrize(
    ("path", "name", "names"),
    [
        ("c", "any/thing", {}),
        ("c/{name}", "a/b.csv", {"name": "a/b.csv"}),
        ("c/{name}.{kind}", "a.b.csv", {"name": "a.b", "kind": "csv"}),
        ("c/in/{name}.csv", "out/a.csv", None),
        ("c/fixed(1).csv", "fixed(1).csv", {}),
        ("c/{name}", "A.CSV", {"name": "A.CSV"}),
        ("c/a.csv", "A.csv", None),
    ],
)
def test_blob_paths(path: str, name: str, names: dict[str, str] | None) -> None:
    assert BlobPath(path).container == "c"
    assert BlobPath(path).match(name) == names
