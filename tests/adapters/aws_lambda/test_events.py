"""Each kind of event as a request: path, headers, body, query and id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.aws_lambda.events import SOURCES, source_of
from adapters.aws_lambda.events.parts import encoded, without
from onehandler.errors import InvalidInput
from onehandler.message import Request, Response
from tests.adapters.aws_lambda.golden import NAMES, golden

BODY = '{"rows":[[5.1,3.5,1.4,0.2]]}'
PATHS = {
    "http_api": "/predict",
    "http_api_stage": "/predict",
    "http_api_proxy_route": "/v1/models/iris:predict",
    "http_api_custom_domain": "/scoring/predict",
    "http_api_custom_domain_stage_like_path": "/v1/models/iris",
    "http_api_percent_path": "/v1/models/iris",
    "http_api_openapi": "/openapi.json",
    "http_api_payload_1": "/predict",
    "function_url": "/predict",
    "rest_api": "/predict",
    "rest_api_resource": "/predict",
    "rest_api_custom_domain": "/predict",
    "rest_api_playground": "/",
    "alb": "/predict",
    "alb_multi_value": "/predict",
}
QUERIES = {
    "http_api_cookies": "trace=1&verbose=2",
    "rest_api_multi_value": "trace=1&trace=2",
    "alb_multi_value": "trace=1&trace=2",
    "alb_get": "a=b%20c",
    "http_api": "",
}
KINDS = {
    "http_api_payload_1": "rest_api",
    "function_url": "http_api",
    "direct_warm_up": "direct",
    "sqs": "direct",
}


def request_of(name: str, base_path: str = "") -> Request:
    event = golden(name)
    return source_of(event).request(event, base_path)


@pytest.mark.parametrize("name", NAMES)
def test_every_event_is_recognised(name: str) -> None:
    found = type(source_of(golden(name))).__module__.rpartition(".")[2]
    expected = KINDS.get(name) or next(kind for kind in SOURCES if name.startswith((kind, "function_url")))
    assert found == ("http_api" if name.startswith("function_url") else expected)


@pytest.mark.parametrize("name", PATHS)
def test_paths_lose_their_stage(name: str) -> None:
    assert request_of(name).path == PATHS[name]


def test_a_custom_domains_base_path_is_a_setting() -> None:
    assert request_of("http_api_custom_domain", "scoring").path == "/predict"


@pytest.mark.parametrize(
    "name", ["http_api", "http_api_base64", "function_url_base64", "rest_api_base64", "alb_base64"]
)
def test_bodies_are_bytes(name: str) -> None:
    assert request_of(name).body == BODY.encode()


@pytest.mark.parametrize("name", ["http_api_get", "rest_api_get", "alb_get"])
def test_no_body_is_an_empty_one(name: str) -> None:
    request = request_of(name)
    assert (request.method, request.body) == ("GET", b"")


@pytest.mark.parametrize("name", QUERIES)
def test_query_strings_are_raw(name: str) -> None:
    assert request_of(name).query == QUERIES[name]


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith(("direct", "sqs"))])
def test_header_names_are_lower_case_and_ids_are_the_platforms(name: str) -> None:
    request = request_of(name)
    assert all(header == header.lower() for header in request.headers)
    assert request.headers["user-agent"] == "curl/8.5.0"
    assert request.request_id == golden(name)["requestContext"].get(
        "requestId", request.headers["x-amzn-trace-id"]
    )


def test_multi_value_headers_are_joined() -> None:
    assert request_of("rest_api_multi_value").headers["accept"] == "text/html, application/json"
    assert request_of("alb_multi_value").headers["accept"] == "text/html, application/json"


def test_cookies_are_a_header() -> None:
    assert request_of("http_api_cookies").headers["cookie"] == "session=abc; theme=dark"


def test_a_plain_payload_is_a_native_body() -> None:
    request = request_of("direct_rows")
    assert (request.method, request.path) == ("POST", "/predict")
    assert json.loads(request.body) == golden("direct_rows")


def test_records_are_refused_so_that_no_queue_deletes_them() -> None:
    with pytest.raises(InvalidInput, match="batch functions"):
        request_of("sqs")


@pytest.mark.parametrize("event", [None, [], "text", 5, {}, {"requestContext": None}, {"requestContext": {}}])
def test_anything_else_is_a_plain_payload(event: Any) -> None:
    assert source_of(event).always_fast


def test_text_is_sent_as_text_and_the_rest_as_base64() -> None:
    assert encoded(Response(200, {"content-type": "application/problem+json"}, b"{}")) == ("{}", False)
    assert encoded(Response(200, {"content-type": "application/octet-stream"}, b"\xff")) == ("/w==", True)
    assert encoded(Response(204, {}, b"")) == ("", False)


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("dev", "/dev/predict", "/predict"),
        ("/dev/", "/dev/predict", "/predict"),
        ("dev", "/dev", "/"),
        ("dev", "/developer", "/developer"),
        ("dev", "/predict", "/predict"),
        ("", "/predict", "/predict"),
        ("a/b", "/a/b/c", "/c"),
    ],
)
def test_prefixes_are_whole_segments(prefix: str, path: str, expected: str) -> None:
    assert without(prefix, path) == expected
