"""The differential test: the same golden events down both lanes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from adapters.aws_lambda import entry_point
from adapters.aws_lambda.events import source_of
from adapters.aws_lambda.web import WebLane, load_app
from onehandler.handler import Handler
from onehandler.protocols import serves
from onehandler.settings import Settings
from tests import bundles
from tests.adapters.aws_lambda.golden import WEB_NAMES, Context, body_of, golden, headers_of

if TYPE_CHECKING:
    from pathlib import Path

PAGES = {
    "http_api_docs",
    "http_api_openapi",
    "http_api_unknown_path",
    "rest_api_playground",
    "alb_docs_multi_value",
}
# A custom domain's base path stands in no event.
BASE_PATHS = {"http_api_custom_domain": "scoring"}
REFUSED = {"http_api_unknown_path": 404, "http_api_bad_body": 400, "http_api_options": 204}


@pytest.fixture(scope="module")
def handlers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Handler]:
    folder: Path = tmp_path_factory.mktemp("lanes")
    path = bundles.build("iris", folder)
    return {base: Handler.load(path, Settings({"ONEHANDLER_BASE_PATH": base})) for base in ("", "scoring")}


def no_web(_handler: Handler) -> Any:
    raise AssertionError("this request belongs to the fast lane")


@pytest.mark.parametrize("name", WEB_NAMES)
def test_both_lanes_answer_alike(name: str, handlers: dict[str, Handler]) -> None:
    handler = handlers[BASE_PATHS.get(name, "")]
    event = golden(name)
    source = source_of(event)
    request = source.request(event, handler.settings.base_path)
    fast = source.result(event, handler.answer(request))
    web = WebLane(handler, load_app).answer(source, event, Context(), request)
    if name in PAGES - {"http_api_unknown_path"}:
        assert (fast["statusCode"], web["statusCode"]) == (404, 200)
        return
    assert (fast["statusCode"], body_of(fast)) == (web["statusCode"], body_of(web))
    fast_headers, web_headers = headers_of(fast), headers_of(web)
    assert {name: web_headers[name] for name in fast_headers} == fast_headers


def test_the_web_lane_leaves_no_event_loop_behind(handlers: dict[str, Handler]) -> None:
    """asyncio.run takes a thread's event loop away; Mangum would make another, which nobody closes."""
    WebLane(handlers[""], load_app).answer(*web_call(handlers[""]))
    loop = asyncio.get_event_loop()
    asyncio.run(asyncio.sleep(0))
    WebLane(handlers[""], load_app).answer(*web_call(handlers[""]))
    assert asyncio.get_event_loop() is loop


def web_call(handler: Handler) -> tuple[Any, ...]:
    """What the lane answers one of the golden events with."""
    event = golden("http_api_docs")
    source = source_of(event)
    return source, event, Context(), source.request(event, handler.settings.base_path)


@pytest.mark.parametrize("name", WEB_NAMES)
def test_the_entry_point_chooses_the_lane(name: str, handlers: dict[str, Handler]) -> None:
    handler = handlers[BASE_PATHS.get(name, "")]
    entry = entry_point(handler, load_app if name in PAGES else no_web)
    result = entry(golden(name), Context())
    assert result["statusCode"] == REFUSED.get(name, 200), result["body"]


@pytest.mark.parametrize("name", WEB_NAMES)
def test_results_have_the_form_of_their_source(name: str, handlers: dict[str, Handler]) -> None:
    event = golden(name)
    result = entry_point(handlers[BASE_PATHS.get(name, "")])(event, Context())
    assert json.loads(json.dumps(result)) == result
    assert isinstance(result["body"], str)
    if "elb" in event["requestContext"]:
        assert ("multiValueHeaders" in result, "headers" in result) == (
            "multiValueHeaders" in event,
            "multiValueHeaders" not in event,
        )
    else:
        assert all(isinstance(value, str) for value in result["headers"].values())


def test_pages_are_pages(handlers: dict[str, Handler]) -> None:
    entry = entry_point(handlers[""])
    assert "swagger" in entry(golden("http_api_docs"), Context())["body"]
    assert json.loads(entry(golden("http_api_openapi"), Context())["body"])["openapi"] == "3.1.0"
    assert "<form" in entry(golden("rest_api_playground"), Context())["body"]


def test_the_application_is_made_once_and_only_when_asked_for(handlers: dict[str, Handler]) -> None:
    made = []

    def counted(handler: Handler) -> Any:
        made.append(handler)
        return load_app(handler)

    entry = entry_point(handlers[""], counted)
    entry(golden("http_api"), Context())
    assert made == []
    for _ in range(3):
        entry(golden("http_api_docs"), Context())
    assert made == [handlers[""]]


def test_a_deployment_without_the_web_layer_says_so(handlers: dict[str, Handler]) -> None:
    def missing(_handler: Handler) -> Any:
        raise ModuleNotFoundError("No module named 'fastapi'", name="fastapi")

    entry = entry_point(handlers[""], missing)
    for _ in range(2):
        result = entry(golden("http_api_docs"), Context())
        assert result["statusCode"] == 404
        assert "no web layer" in json.loads(result["body"])["detail"]
    assert entry(golden("http_api"), Context())["statusCode"] == 200


def test_another_missing_module_is_not_taken_for_that(handlers: dict[str, Handler]) -> None:
    def broken(_handler: Handler) -> Any:
        raise ModuleNotFoundError("No module named 'nonsense'", name="nonsense")

    with pytest.raises(ModuleNotFoundError):
        entry_point(handlers[""], broken)(golden("http_api_docs"), Context())


def test_paths_of_protocols_and_no_others_take_the_fast_lane() -> None:
    assert all(map(serves, ("/predict", "/predict/x", "/v1/models/a:predict", "/healthz", "/ping")))
    assert not any(map(serves, ("/", "", "/docs", "/predicted", "predict", "//predict", "/V1/models")))
