"""HttpRequest to Response: what Azure's events have of their own."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import azure.functions as func
import pytest

from adapters.azure_functions.http import HttpCarrier, request_of
from adapters.azure_functions.loading import Loaded
from adapters.azure_functions.paths import path_of
from adapters.azure_functions.web import WebLane
from onehandler.errors import BundleError
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.handler import Handler
    from onehandler.protocols import Served

BODY = json.dumps({"rows": [ROW]}).encode()
URL = "https://churn.azurewebsites.example"


def asked(path: str, body: bytes = b"", method: str = "POST", **headers: str) -> func.HttpRequest:
    return func.HttpRequest(method, URL + path, headers=headers, body=body)


def test_events_become_requests() -> None:
    event = asked("/ml/v1/models/a%20b%2Fc:predict?x=%2F&y", b"\xff\x00", **{"Content-Type": "text/csv"})
    request = request_of(event, "ml", "id-1")
    assert (request.method, request.path, request.query) == ("POST", "/v1/models/a b/c:predict", "x=%2F&y")
    assert (request.body, request.request_id) == (b"\xff\x00", "id-1")
    assert request.headers == {"content-type": "text/csv"}


@pytest.mark.parametrize(
    ("path", "base", "expected"),
    [
        ("", "", "/"),
        ("/", "ml", "/"),
        ("/ml", "ml", "/"),
        ("/ml/x", "ml", "/x"),
        ("/mlx", "ml", "/mlx"),
        ("/a%25", "", "/a%"),
    ],
)
def test_paths(path: str, base: str, expected: str) -> None:
    assert path_of(path, base) == expected


def test_a_body_that_the_host_lost_is_named(iris: Handler) -> None:
    carrier = HttpCarrier(lambda: iris)
    answer = carrier.answer(asked("/predict", **{"Transfer-Encoding": "chunked"}), "")
    assert answer.status_code == 400
    assert "ONEHANDLER_CARRIER" in json.loads(answer.get_body())["detail"]
    answer = carrier.answer(asked("/predict", BODY, **{"Transfer-Encoding": "chunked"}), "")
    assert answer.status_code == 200, "a host that keeps it is no less welcome"


def test_what_cannot_be_loaded_is_an_answer_in_the_protocol_of_the_path() -> None:
    def refuse() -> Served:
        raise BundleError("is gone", where="bundle")

    carrier = HttpCarrier(refuse)
    native = carrier.answer(asked("/predict", BODY), "")
    assert (native.status_code, json.loads(native.get_body())["type"]) == (500, "urn:onehandler:bundle")
    served = carrier.answer(asked("/v1/models/iris:predict", BODY), "")
    assert set(json.loads(served.get_body())) == {"error"}


def test_the_model_loads_once_however_many_come_first(tmp_path: Path) -> None:
    loaded = Loaded(Settings({"ONEHANDLER_BUNDLE": bundles.build("iris", tmp_path)}))
    found: list[Any] = []
    barrier = threading.Barrier(8)

    def first() -> None:
        barrier.wait()
        found.append(loaded())

    threads = [threading.Thread(target=first) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({id(each) for each in found}) == 1
    found[0].close()


def test_what_failed_to_load_is_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "bundles" / "iris"
    loaded = Loaded(Settings({"ONEHANDLER_BUNDLE": str(folder)}))
    with pytest.raises(BundleError):
        loaded()
    assert bundles.build("iris", tmp_path / "bundles") == str(folder)
    loaded().telemetry.log("INFO", "there", {})


def test_pages_come_from_the_web_application(iris: Handler) -> None:
    carrier = HttpCarrier(lambda: iris)
    answer = carrier.answer(asked("/openapi.json", method="GET"), "")
    assert answer.status_code == 200
    assert "/predict" in json.loads(answer.get_body())["paths"]


def test_without_a_web_framework_there_are_predictions_but_no_pages(iris: Handler) -> None:
    def missing(_: Served) -> Any:
        raise ModuleNotFoundError(name="fastapi")

    def broken(_: Served) -> Any:
        raise ModuleNotFoundError(name="something_else")

    request = Request("GET", "/docs", {}, b"")
    assert WebLane(iris, missing).answer(request).status == 404
    with pytest.raises(ModuleNotFoundError):
        WebLane(iris, broken).answer(request)
