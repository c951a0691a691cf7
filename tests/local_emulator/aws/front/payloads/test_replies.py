from __future__ import annotations

import json

import pytest

from local_emulator.aws.front.payloads.replies import MalformedReplyError, reply_v1, reply_v2
from local_emulator.http.messages import HttpResponse

_JSON = (("content-type", "application/json"),)
_TEXT = (("content-type", "text/plain"),)


def v2(value: object) -> HttpResponse:
    return reply_v2(json.dumps(value).encode(), "text/plain")


def v1(value: object) -> HttpResponse:
    return reply_v1(json.dumps(value).encode(), "text/plain")


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({"message": "hi"}, b'{"message": "hi"}'),
        ("Hello from Lambda!", b"Hello from Lambda!"),
        ([1, 2], b"[1, 2]"),
        (None, b"null"),
        (7, b"7"),
        ({"body": "not a response without a status"}, b'{"body": "not a response without a status"}'),
    ],
)
def test_format_2_0_is_inferred_without_a_status(value: object, body: bytes) -> None:
    assert v2(value) == HttpResponse(200, _JSON, body)


def test_format_2_0_whole() -> None:
    value = {
        "statusCode": "201",
        "headers": {
            "X-Text": "a",
            "X-Number": 3,
            "X-True": True,
            "X-None": None,
            "Content-Type": "image/png",
        },
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "iVBORw==",
        "isBase64Encoded": True,
    }
    headers = (
        ("x-text", "a"),
        ("x-number", "3"),
        ("x-true", "true"),
        ("content-type", "image/png"),
        ("set-cookie", "a=1; Path=/"),
        ("set-cookie", "b=2"),
    )
    assert v2(value) == HttpResponse(201, headers, b"\x89PNG")


@pytest.mark.parametrize("read", [v1, v2])
def test_defaults(read: object) -> None:
    assert callable(read)
    assert read({"statusCode": 200}) == HttpResponse(200, _TEXT, b"")
    assert read({"statusCode": 200, "body": "ü", "headers": None}) == HttpResponse(200, _TEXT, "ü".encode())


def test_format_1_0_repeats_headers() -> None:
    value = {
        "statusCode": 200,
        "headers": {"Set-Cookie": "c=3", "X-Single": "s", "X-Both": "same"},
        "multiValueHeaders": {"set-cookie": ["a=1", "b=2"], "x-both": ["same"]},
    }
    assert v1(value).headers == (
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-both", "same"),
        ("set-cookie", "c=3"),
        ("x-single", "s"),
        *_TEXT,
    )


_MALFORMED = [
    {"statusCode": "abc"},
    {"statusCode": 99},
    {"statusCode": 101},
    {"statusCode": 600},
    {"statusCode": 200.5},
    {"statusCode": True},
    {"statusCode": None},
    {"statusCode": 200, "body": {"a": 1}},
    {"statusCode": 200, "body": 5},
    {"statusCode": 200, "body": "not base64!", "isBase64Encoded": True},
    {"statusCode": 200, "headers": ["a"]},
    {"statusCode": 200, "headers": {"a": {"b": 1}}},
    {"statusCode": 200, "headers": {"a": "b\r\nset-cookie: c"}},
    {"statusCode": 200, "headers": {"a b": "c"}},
]


@pytest.mark.parametrize(
    "value", [*_MALFORMED, {"statusCode": 200, "cookies": "a"}, {"statusCode": 200, "cookies": [[]]}]
)
def test_malformed_2_0(value: object) -> None:
    with pytest.raises(MalformedReplyError):
        v2(value)


@pytest.mark.parametrize(
    "value", [*_MALFORMED, "text", None, {"a": 1}, {"statusCode": 200, "multiValueHeaders": {"a": "b"}}]
)
def test_malformed_1_0(value: object) -> None:
    with pytest.raises(MalformedReplyError):
        v1(value)


def test_a_payload_that_is_not_json_is_malformed() -> None:
    with pytest.raises(MalformedReplyError):
        reply_v2(b"{", "text/plain")
