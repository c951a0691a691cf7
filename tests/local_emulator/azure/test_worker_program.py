"""The parts of the worker's program that need no runtime: frames and stand-in messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_emulator.azure.worker_program import wire
from local_emulator.azure.worker_program.conversions import plain, to_typed_data
from local_emulator.azure.worker_program.protocol import PROTOCOL

_LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def through(document: dict[str, object]) -> dict[str, object]:
    frame = wire.encode(document)
    sizes = wire.Sizes(frame[: wire.HEADER])
    assert sizes.total == len(frame) - wire.HEADER
    return wire.decode(sizes, frame[wire.HEADER :])


@given(st.dictionaries(st.text(), _VALUES, max_size=4))
def test_a_frame_gives_back_what_went_in(document: dict[str, object]) -> None:
    assert through(document) == document


def test_a_header_by_the_marks_name_stays_a_header() -> None:
    assert through({"headers": {"$bytes": "0"}, "body": b"x"}) == {"headers": {"$bytes": "0"}, "body": b"x"}


def test_a_frame_takes_no_other_types() -> None:
    with pytest.raises(TypeError, match="JSON values and bytes"):
        wire.encode({"x": object()})


@pytest.mark.parametrize(
    ("message", "fields", "error"),
    [
        ("RpcHttp", {"headers": {"a": 1}}, TypeError),
        ("RpcHttp", {"status_code": 200}, TypeError),
        ("TypedData", {"bytes": "text"}, TypeError),
        ("TypedData", {"double": "1"}, TypeError),
        ("NullableBool", {"value": "yes"}, TypeError),
        ("StatusResult", {"nobody": 1}, ValueError),
    ],
)
def test_messages_refuse_what_protobuf_would(message: str, fields: dict[str, object], error: type) -> None:
    with pytest.raises(error):
        getattr(PROTOCOL, message)(**fields)


def test_absent_fields_are_empty_and_not_shared() -> None:
    first, second = PROTOCOL.RpcHttp(), PROTOCOL.RpcHttp()
    assert (first.status_code, first.headers, first.body) == ("", {}, None)
    first.headers["a"] = "b"
    assert second.headers == {}


def test_values_there_and_back() -> None:
    http = {"method": "GET", "url": "u", "headers": {}, "params": {}, "query": {}, "body": ["bytes", b"x"]}
    message = to_typed_data(["http", http])
    assert message.WhichOneof("data") == "http"
    kind, content = plain(message)
    assert (kind, content["body"], content["method"]) == ("http", ["bytes", b"x"], "GET")
    assert plain(to_typed_data(None)) is None
