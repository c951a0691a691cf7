"""What a server answers itself: readiness, paths that the platform chooses, large answers in chunks."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.errors import SettingsError
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.serving.front import Front
from onehandler.serving.metrics import Metrics
from onehandler.serving.readiness import why_unready
from onehandler.serving.settings import ServingSettings
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW
from tests.onehandler.serving.servers import Served, serving

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = b"""
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.serving.front import Front
from onehandler.serving.metrics import Metrics
class Broken(Handler):
    def preprocess(self, inputs):
        raise RuntimeError("no dictionary")
"""
EXPECTED = {"label": 2, "probabilities": {"setosa": 0.10, "versicolor": 0.26, "virginica": 0.64}}


def handler_of(path: str) -> Handler:
    return Handler.load(path, Settings({"ONEHANDLER_THREADS": "1", "ONEHANDLER_LOG_LEVEL": "INFO"}))


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ({}, ""),
        ({"rows": [ROW]}, ""),
        ({"rows": [[1.0]]}, "model 'iris' does not answer its own samples: rows[0]"),
    ],
)
def test_a_model_is_ready_when_it_answers_its_samples(
    samples: dict[str, Any], why: str, tmp_path: Path
) -> None:
    found = why_unready(handler_of(bundles.build("iris", tmp_path, samples=samples)))
    assert found.startswith(why)
    assert bool(found) is bool(why)


def test_other_answers_than_when_it_was_bundled_are_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = handler_of(bundles.build("iris", tmp_path))
    [found] = [dict(row) for row in _predictions(handler)]
    for expected, lines in ((found, 0), ({**found, "label": 1}, 1)):
        changed = {"rows": [ROW], "predictions": [expected]}
        folder = tmp_path / str(lines)
        assert why_unready(handler_of(bundles.build("iris", folder, samples=changed))) == ""
        told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["level"] for line in told] == ["WARNING"] * lines
    nearly = json.loads(json.dumps(found))
    nearly["probabilities"]["setosa"] += 1e-5
    folder = tmp_path / "nearly"
    nearly = {"rows": [ROW], "predictions": [nearly]}
    assert why_unready(handler_of(bundles.build("iris", folder, samples=nearly))) == ""
    assert capsys.readouterr().out == ""


def _predictions(handler: Handler) -> list[Any]:
    from onehandler.results import named_rows
    from onehandler.rows import tensors_from_rows

    return named_rows(handler.signature, handler.predict(tensors_from_rows(handler.signature, [ROW])))


@pytest.mark.parametrize("changes", [{"files": {"handler.py": BROKEN}}, {"samples": {"rows": [[1.0]]}}])
def test_a_model_that_fails_on_its_samples_gets_no_requests(changes: dict[str, Any], tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path, **changes)
    with serving(bundle, "--workers", 1, ONEHANDLER_HEALTH_PATH="/alive") as served:
        for path in ("/ping", "/healthz", "/alive"):
            status, _, body = served.get(path)
            assert status == 503
            assert "its own samples" in json.loads(body)["detail"]
        assert served.get("/livez")[0] == 200, "starting it anew would not help"
        connection = served.connection()
        for path in ("/ping", "/execution-parameters", "/ping"):  # a body would be taken for the next answer
            connection.request("HEAD", path)
            response = connection.getresponse()
            assert (response.status, response.read()) == (503 if path == "/ping" else 200, b"")
        connection.close()
        assert [line["level"] for line in served.logged()][-1] == "ERROR"


@pytest.mark.parametrize(
    ("workers", "limit", "told"),
    [(1, "6", (1, 6)), (2, "25", (2, 25)), (2, "100", (2, 50)), (64, "25", (64, 1)), (200, "25", (100, 1))],
)
def test_a_transform_may_send_what_workers_take_and_the_service_allows(
    workers: int, limit: str, told: tuple[int, int], tmp_path: Path
) -> None:
    path = bundles.build("iris", tmp_path)
    handler = Handler.load(path, Settings({"ONEHANDLER_THREADS": "1", "ONEHANDLER_MAX_BODY_MB": limit}))
    metrics = Metrics.at(Metrics.make(workers), workers, 0, lambda: 0)
    front = Front(handler, ServingSettings(), metrics)
    found = json.loads(front.answer(Request("GET", "/execution-parameters", {}, b"")).body)
    assert (found["MaxConcurrentTransforms"], found["MaxPayloadInMB"]) == told
    assert front.answer(Request("POST", "/execution-parameters", {}, b"")).status == 405


def test_paths_that_the_platform_chooses(tmp_path: Path) -> None:
    predict, health = "/v1/endpoints/7/deployedModels/8:predict", "/v1/endpoints/7/deployedModels/8"
    chosen = {"ONEHANDLER_PREDICT_PATH": predict, "ONEHANDLER_HEALTH_PATH": health}
    with serving(bundles.build("iris", tmp_path), "--workers", 1, **chosen) as served:
        assert served.get(health)[0] == served.get("/ping")[0] == 200
        connection = served.connection()
        for path in (predict, "/vertex-ai/predict"):
            connection.request("POST", path, json.dumps({"instances": [ROW]}))
            response = connection.getresponse()
            assert (response.status, list(json.load(response))) == (200, ["predictions"])
        connection.request("GET", predict)
        assert connection.getresponse().status == 405
        connection.close()


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Any:
    bundle = bundles.build("wide", tmp_path_factory.mktemp("wide"))
    with serving(bundle, "--workers", 1, ONEHANDLER_CHUNKED_ABOVE_KB="64") as served:
        yield served


@pytest.mark.parametrize("chunked", [False, True], ids=["express", "ordinary"])
def test_large_answers_go_out_in_chunks(chunked: bool, wide: Served) -> None:
    connection = wide.connection()
    body = b'{"rows": [0.25]}'
    for _ in range(3):  # the third by a head that came before
        connection.request("POST", "/predict", iter([body]) if chunked else body)
        response = connection.getresponse()
        assert response.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in response.headers
        assert len(json.load(response)["predictions"][0]) == 50000
    connection.request("POST", "/predict", b"{}")
    response = connection.getresponse()
    assert "content-length" in response.headers, "small ones don't"
    connection.close()


def test_clients_of_http_1_0_know_no_chunks(wide: Served) -> None:
    body = b'{"rows": [0.25]}'
    head = b"POST /predict HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(
        body
    )
    with socket.create_connection(("127.0.0.1", wide.port), timeout=30) as connection:
        connection.sendall(head + body)
        found = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    told, _, content = found.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in told
    assert len(json.loads(content)["predictions"][0]) == 50000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ONEHANDLER_TIMEOUT_S", "soon"),
        ("ONEHANDLER_TIMEOUT_S", "86401"),
        ("ONEHANDLER_MAX_WAITING", "-1"),
        ("ONEHANDLER_CHUNKED_ABOVE_KB", "1.5"),
        ("ONEHANDLER_PREDICT_PATH", "predict"),
        ("ONEHANDLER_HEALTH_PATH", "https://x"),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ServingSettings.read({name: text})
    assert caught.value.where == name


def test_defaults_change_nothing() -> None:
    assert ServingSettings.read({}) == ServingSettings()
