"""What holds for every protocol: headers, methods, and that nothing is ever raised."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.protocols.content import charset, require_acceptable
from onehandler.settings import Settings
from onehandler.telemetry import Telemetry
from tests import bundles
from tests.bundles import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.tensor import Tensors

BODY = json.dumps({"rows": [ROW]}).encode()


class Faulty(Handler):
    """Raises what it is told to."""

    fault: BaseException = ValueError("unset")

    def preprocess(self, inputs: Tensors) -> Tensors:
        raise self.fault


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def faulty(tmp_path: Path, lines: list[str]) -> Faulty:
    handler = Faulty.load(bundles.build("iris", tmp_path), Settings({}))
    handler.telemetry = Telemetry("test", "test", "INFO", write=lines.append)
    assert isinstance(handler, Faulty)
    return handler


@pytest.mark.parametrize(
    "fault",
    [ZeroDivisionError("private"), MemoryError(), RecursionError("private"), KeyError("private"), OSError(5)],
)
@pytest.mark.parametrize("path", ["/predict", "/v1/models/iris:predict"])
def test_an_unforeseen_fault_is_logged_and_told_without_details(
    fault: Exception, path: str, faulty: Faulty, lines: list[str]
) -> None:
    faulty.fault = fault
    body = BODY.replace(b"rows", b"instances") if "v1" in path else BODY
    response = faulty.answer(Request("POST", path, {}, body, request_id="id-9"))
    assert response.status == 500
    assert b"id-9" in response.body
    assert b"private" not in response.body
    (record,) = map(json.loads, lines)
    assert (record["exception_name"], record["request_id"]) == (type(fault).__name__, "id-9")
    assert "in preprocess" in record["exception"]


def test_what_ends_the_process_is_not_swallowed(faulty: Faulty) -> None:
    faulty.fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        faulty.answer(Request("POST", "/predict", {}, BODY))


@pytest.mark.parametrize("method", ["", "get", "\x00", "ÄTSCH", "X" * 10_000])
@pytest.mark.parametrize("path", ["", "predict", "/predict", "/\x00", "\ud800", "/v1/models/\ud800"])
def test_no_request_line_raises(method: str, path: str, iris: Handler) -> None:
    assert 400 <= iris.answer(Request(method, path, {}, b"")).status < 500


@pytest.mark.parametrize("header", ["content-type", "accept", "content-encoding"])
@pytest.mark.parametrize(
    "value", ["", ";", ",", "=", ";;;=", ";q", "/", "\x00", "é", "application/json" + ";" * 999]
)
def test_no_header_raises(header: str, value: str, iris: Handler) -> None:
    assert iris.answer(Request("POST", "/predict", {header: value}, BODY)).status in (200, 406, 415)


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/json", "application/*", "text/html,application/xhtml+xml,*/*;q=0.8",
     "application/problem+json", "APPLICATION/JSON", "application/json;q=0.001", "text/html;q=0, */*"],
)  # fmt: skip
def test_these_accept_json(accept: str) -> None:
    require_acceptable(accept)


@pytest.mark.parametrize(
    "accept", ["text/html", "image/*", "application/json;q=0", "*/*;q=0.000", "text/*;q=1"]
)
def test_these_do_not(accept: str, iris: Handler) -> None:
    response = iris.answer(Request("POST", "/predict", {"accept": accept}, BODY))
    assert (response.status, json.loads(response.body)["where"]) == (406, "accept")


def test_charsets() -> None:
    assert charset("application/json") == ""
    assert charset('application/json; a=b; Charset="UTF-8"') == "utf-8"


@pytest.mark.parametrize("path", ["/healthz", "/ping"])
def test_health_names_the_model(path: str, iris: Handler) -> None:
    response = iris.answer(Request("GET", path, {}, b""))
    assert json.loads(response.body) == {"status": "ready", "model": {"name": "iris", "version": "1"}}


def test_head_is_get_without_a_body(iris: Handler) -> None:
    for path in ("/healthz", "/v1/models/iris", "/nope", "/predict"):
        get, head = (iris.answer(Request(method, path, {}, b"")) for method in ("GET", "HEAD"))
        assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")


def test_a_browsers_options_are_told_what_there_is(iris: Handler) -> None:
    response: Any = iris.answer(Request("OPTIONS", "/predict", {"accept": "text/html"}, b""))
    assert (response.status, response.headers, response.body) == (204, {"allow": "OPTIONS, POST"}, b"")
