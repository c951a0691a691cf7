"""The FastAPI application: pages, and what it adds to the protocols."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import threading
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from onehandler import openapi
from onehandler.app import create_app
from onehandler.handler import Handler
from onehandler.models.repository import Models
from onehandler.serving.dispatch import QUICK, Dispatch
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW
from tests.onehandler.asgi import ask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from onehandler.bundle import Bundle


@pytest.fixture(scope="module")
def app_of(handler_of: Callable[[str], Handler]) -> Callable[[str], FastAPI]:
    return lambda name: create_app(handler_of(name))


@pytest.fixture
def app(app_of: Callable[[str], FastAPI]) -> FastAPI:
    return app_of("iris")


def test_it_predicts(app: FastAPI) -> None:
    response = ask(app, "POST", "/predict", json={"rows": [ROW]})
    assert response.status_code == 200
    assert response.json()["predictions"][0]["label"] == 2


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/"])
def test_pages_are_html(path: str, app: FastAPI) -> None:
    response = ask(app, "GET", path)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "iris" in response.text


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/"])
def test_pages_work_below_a_stage_prefix(path: str, app: FastAPI) -> None:
    """Whatever they link to on this host is named relatively."""
    page = ask(app, "GET", path).text
    assert "openapi.json" in page
    assert not re.search(r"[\"'(]/(?!/)[a-z]", page)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_problem(method: str, app: FastAPI) -> None:
    response = ask(app, method, "/nope")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
    assert response.json()["status"] == 404


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/"])
def test_a_page_takes_no_post(path: str, app: FastAPI) -> None:
    response = ask(app, "POST", path)
    assert (response.status_code, response.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in response.headers["allow"]


def test_head_has_no_body_and_no_false_length(app: FastAPI) -> None:
    response = ask(app, "HEAD", "/healthz")
    assert (response.status_code, response.content) == (200, b"")
    assert "content-length" not in response.headers


def test_repeated_headers_are_joined(app: FastAPI) -> None:
    headers = [("accept", "text/html"), ("accept", "application/json")]
    response = ask(app, "POST", "/predict", json={"rows": [ROW]}, headers=headers)
    assert response.status_code == 200


def test_an_unforeseen_fault_is_a_500_without_details(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(Handler):
        def preprocess(self, inputs: Any) -> Any:
            raise ZeroDivisionError("secret words")

    handler = Broken.load(bundles.build("iris", tmp_path), Settings({}))
    response = ask(create_app(handler), "POST", "/predict", json={"rows": [ROW]})
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert "secret" not in response.text
    found = re.search(r"request id ([0-9a-f]{16})", response.json()["detail"])
    assert found
    logged = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (logged["request_id"], logged["exception_name"]) == (found[1], "ZeroDivisionError")


def test_a_body_is_read_up_to_the_limit_and_no_further(app: FastAPI) -> None:
    """An endless upload is answered as soon as it is too large."""
    sent: list[int] = []
    answered: list[Any] = []
    scope = {
        "type": "http", "method": "POST", "path": "/predict", "raw_path": b"/predict", "query_string": b"",
        "headers": [(b"content-type", b"application/json")], "http_version": "1.1", "scheme": "http",
        "server": ("test", 80), "client": ("test", 1), "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        sent.append(65536)
        return {"type": "http.request", "body": b" " * 65536, "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    asyncio.run(app(scope, receive, send))
    assert answered[0]["status"] == 413
    assert sum(sent) <= 1024 * 1024 + 65536


def test_a_client_that_leaves_is_no_error(app: FastAPI) -> None:
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "headers": []}

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    asyncio.run(app(scope, receive, send))


def test_requests_run_side_by_side(app: FastAPI) -> None:
    async def many() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            asked = [client.post("/predict", json={"rows": [ROW] * 50}) for _ in range(50)]
            return [response.status_code for response in await asyncio.gather(*asked)]

    assert asyncio.run(many()) == [200] * 50


class Observed(Handler):
    """Takes its time, and notes the threads it ran on."""

    seconds = 0.0

    def preprocess(self, inputs: Any) -> Any:
        time.sleep(self.seconds)
        self.threads = [*getattr(self, "threads", []), threading.current_thread()]
        return inputs


@pytest.fixture
def observed(tmp_path: Path) -> Observed:
    handler = Observed.load(bundles.build("iris", tmp_path), Settings({}))
    assert isinstance(handler, Observed)
    return handler


def test_quick_models_answer_on_the_event_loop(observed: Observed) -> None:
    ticks = count()
    app = create_app(observed, Dispatch(observed, clock=lambda: next(ticks) * QUICK / 4))
    for _ in range(60):
        ask(app, "POST", "/predict", json={"rows": [ROW]})
    loop_thread = threading.current_thread()
    assert observed.threads[0] is not loop_thread
    assert loop_thread in observed.threads[10:]
    ask(app, "POST", "/predict", json={"rows": [ROW] * 2000})
    assert observed.threads[-1] is not loop_thread


def test_slow_models_hold_nobody_up(observed: Observed) -> None:
    observed.seconds = 0.1
    app = create_app(observed)

    async def many() -> float:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            started = time.perf_counter()
            slow = [asyncio.create_task(client.post("/predict", json={"rows": [ROW]})) for _ in range(10)]
            await asyncio.sleep(0.02)
            assert (await client.get("/healthz")).status_code == 200
            assert not any(task.done() for task in slow)
            await asyncio.gather(*slow)
            return time.perf_counter() - started

    assert asyncio.run(many()) < 0.8
    assert threading.current_thread() not in observed.threads


@pytest.mark.parametrize("name", bundles.NAMES)
def test_the_playground_holds_everything_it_needs(name: str, app_of: Callable[[str], FastAPI]) -> None:
    page = ask(app_of(name), "GET", "/").text
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "{{" not in page
    data = re.search(r'<script type="application/json" id="model">(.*?)</script>', page, re.DOTALL)
    assert data
    example = json.loads(data[1])[0]["example"]
    assert ask(app_of(name), "POST", "/predict", json=example).status_code == 200


def test_the_playground_has_a_field_for_each_column(app: FastAPI) -> None:
    page = ask(app, "GET", "/").text
    for column in bundles.COLUMNS:
        assert f'"name": "{column}"' in page


def test_the_playground_is_usable_by_keyboard_and_screen_reader(app: FastAPI) -> None:
    page = ask(app, "GET", "/").text
    assert '<html lang="en">' in page
    assert "tabindex" not in page  # the natural order of buttons, fields and details is the right one
    assert 'aria-live="polite"' in page
    assert '<button type="submit">' in page
    assert '"label", field.name, { for: "field-" + index }' in page
    assert ":focus-visible" in page


def test_names_cannot_break_out_of_the_page(tmp_path: Any) -> None:
    evil = '</script><script>alert("x")</script>'
    signature = {
        "inputs": [bundles.spec("X", "float32", [-1, 4], [evil, "b", "c", "d"])],
        "outputs": [
            bundles.spec("label", "int64", [-1]),
            bundles.spec("probabilities", "float32", [-1, 3], bundles.CLASSES),
        ],
    }
    path = bundles.build("iris", tmp_path, signature=signature, samples={})
    page = ask(create_app(Handler.load(path, Settings({}))), "GET", "/").text
    assert "<script>alert" not in page
    assert page.count("</script>") == 2


@pytest.fixture
def several(tmp_path: Path) -> Models:
    for name, version in (("iris", "1"), ("iris", "2"), ("fixed", "1")):
        (tmp_path / name).mkdir(exist_ok=True)
        made = bundles.build(name, tmp_path / "building", name=name, version=version)
        shutil.move(made, tmp_path / name / version)
    (tmp_path / "models.json").write_text('{"default": "iris", "models": {"iris": {}, "fixed": {}}}')
    return Models.load(str(tmp_path), Settings({}))


def test_the_playground_offers_every_model_and_each_answers_its_example(several: Models) -> None:
    app = create_app(several)
    data = re.search(r'id="model">(.*?)</script>', ask(app, "GET", "/").text, re.DOTALL)
    assert data
    models = json.loads(data[1])
    assert [each["path"] for each in models] == ["predict/iris/2", "predict/iris/1", "predict/fixed/1"]
    for each in models:
        assert ask(app, "POST", f"/{each['path']}", json=each["example"]).status_code == 200


def test_the_document_of_several_models_has_each_under_its_name(several: Models) -> None:
    document = openapi.document(*_split(several.bundles()))
    OpenAPIV31SpecValidator(document).validate()
    assert {"/predict", "/predict/fixed", "/predict/iris/1", "/v1/models/fixed:predict"} <= document[
        "paths"
    ].keys()
    assert not any("{name}" in path for path in document["paths"])
    app = create_app(several)
    assert ask(app, "GET", "/openapi.json").json() == document
    for path in ("/predict/iris/1", "/predict/fixed", "/v1/models/fixed/versions/1:predict"):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in content["examples"].values():
            assert ask(app, "POST", path, json=example["value"]).status_code == 200


def _split(bundles: list[Bundle]) -> tuple[Bundle, list[Bundle]]:
    return bundles[0], bundles[1:]
