"""A web page must not reach the control plane, whatever trick it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.front.ports import ApiDefinition
from tests.local_emulator.wire import parsed, raw, send

if TYPE_CHECKING:
    from tests.local_emulator.aws.front.conftest import Running

_PASSED = 299  # what the control plane's stand-in answers


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4566",
        "localhost",
        "LOCALHOST:4566",
        "[::1]:4566",
        "bucket.localhost",
        "a.b.localhost:1",
    ],
)
def test_names_of_this_machine_are_let_in(front: Running, host: str) -> None:
    assert send(front.port, "GET", "/", host=host).status == _PASSED


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4566",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "localhost.",
        "0.0.0.0",
        "127.1",
        "2130706433",
        "192.168.0.1",
        "[::ffff:127.0.0.1]",
        "s3.amazonaws.com",
        "bucket.s3.us-east-1.amazonaws.com",
        "localhost.localstack.cloud",
    ],
)
def test_dns_rebinding_is_refused(front: Running, host: str) -> None:
    reply = send(front.port, "POST", "/", host=host, body=b"Action=CreateQueue")
    assert reply.status == 403
    assert b"*.localhost" in reply.body


def test_an_absolute_target_cannot_name_another_host(front: Running) -> None:
    data = b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    assert parsed(raw(front.port, data)).status == 403


def test_http_1_0_without_a_host_is_refused(front: Running) -> None:
    assert parsed(raw(front.port, b"GET / HTTP/1.0\r\n\r\n")).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "file://"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://evil.example#localhost"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://[bad"},
        {"Origin": "https://evil.example", "Referer": "http://localhost/"},
        {"Referer": "https://evil.example/page"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/?Action=DeleteQueue"),
        ("POST", "/"),
        ("OPTIONS", "/"),
        ("POST", "/2015-03-31/functions/predict/invocations"),
        ("GET", "/_emulator/health"),
    ],
)
def test_foreign_pages_are_refused(front: Running, headers: dict[str, str], method: str, target: str) -> None:
    front.directory.add("predict")
    # A simple request: what a form sends without asking first.
    body = b"a=b" if method == "POST" else b""
    reply = send(front.port, method, target, headers={**headers, "Content-Type": "text/plain"}, body=body)
    assert reply.status == 403
    assert reply.header("Access-Control-Allow-Origin") is None
    assert front.runner.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:8080", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://app.localhost"},
        {"Origin": "http://[::1]:3000"},
        {"Referer": "http://localhost:3000/page", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_programs_and_pages_of_this_machine_are_let_in(front: Running, headers: dict[str, str]) -> None:
    assert send(front.port, "GET", "/", headers=headers).status == _PASSED


def test_apis_answer_pages_of_any_origin_and_still_no_foreign_host(front: Running) -> None:
    front.apis.definitions["abc"] = ApiDefinition("abc", "123456789012", "us-east-1")
    foreign = {"Origin": "https://shop.example"}
    assert send(front.port, "GET", "/_api/abc/", headers=foreign).status == 404
    assert send(front.port, "GET", "/", host="abc.execute-api.localhost", headers=foreign).status == 404
    assert send(front.port, "GET", "/_api/abc/", host="evil.example").status == 403
    assert send(front.port, "GET", "/", host="abc.execute-api.evil.example").status == 403
