"""SageMaker's multi-model contract: what it loads, lists, asks and unloads."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.message import Request
from onehandler.serving.multi_model import MultiModel
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW
from tests.functions.container.containers import container
from tests.onehandler.serving.servers import until

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.message import Response

NAMES = ("iris", "wide", "regression")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Models as SageMaker unpacks them: ROOT/NAME/model."""
    for name in NAMES:
        bundle = bundles.build(name, tmp_path / "new")
        shutil.copytree(bundle, tmp_path / "models" / name / "model")
    return tmp_path / "models"


def managed(root: Path, **environ: str) -> MultiModel:
    settings = Settings({"ONEHANDLER_THREADS": "1", **environ})
    return MultiModel(settings, root, root.parent / "loaded.json")


def ask(server: MultiModel, method: str, path: str, body: Any = None, query: str = "") -> tuple[int, Any]:
    headers = {"content-type": "application/json"}
    content = b"" if body is None else json.dumps(body).encode()
    response: Response = server.answer(Request(method, path, headers, content, query))
    return response.status, json.loads(response.body) if response.body else None


def load(server: MultiModel, root: Path, name: str) -> tuple[int, Any]:
    return ask(server, "POST", "/models", {"model_name": name, "url": str(root / name / "model")})


def test_load_list_get_unload(root: Path) -> None:
    server = managed(root)
    assert ask(server, "GET", "/models") == (200, {"models": []})
    told = {"modelName": "iris", "modelUrl": str(root / "iris" / "model")}
    assert load(server, root, "iris") == (200, told)
    assert ask(server, "GET", "/models") == (200, {"models": [told]})
    assert ask(server, "GET", "/models/iris") == (200, told)
    assert load(server, root, "iris")[0] == 409
    assert ask(server, "DELETE", "/models/iris") == (200, told)
    for method in ("GET", "DELETE"):
        assert ask(server, method, "/models/iris")[0] == 404
    assert ask(server, "POST", "/models/iris/invoke", {})[0] == 404
    assert load(server, root, "iris")[0] == 200


def test_a_long_list_has_pages(root: Path) -> None:
    server = managed(root)
    url = str(root / "iris" / "model")
    for number in range(101):
        assert ask(server, "POST", "/models", {"model_name": f"m{number}", "url": url})[0] == 200
    _, first = ask(server, "GET", "/models")
    _, second = ask(server, "GET", "/models", query=f"next_page_token={first['nextPageToken']}")
    names = [each["modelName"] for each in first["models"] + second["models"]]
    assert names == [f"m{number}" for number in range(101)]
    assert "nextPageToken" not in second
    assert ask(server, "GET", "/models", query="next_page_token=x")[0] == 422


def test_what_does_not_fit_is_507_until_something_goes(root: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assets = {"assets.bin": os.urandom(3 * 1024 * 1024)}
        shutil.copytree(bundles.build("iris", tmp_path / name, files=assets), root / name / "model")
    server = managed(root, ONEHANDLER_MODELS_MB="5")
    assert load(server, root, "one")[0] == 200
    status, problem = load(server, root, "two")
    assert (status, "unload one" in problem["detail"]) == (507, True)
    assert ask(server, "GET", "/models/one")[0] == 200, "what is in memory stays"
    assert ask(server, "GET", "/models/two")[0] == 404
    assert ask(server, "DELETE", "/models/one")[0] == 200
    assert load(server, root, "two")[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"model_name": "iris"},
        {"model_name": 1, "url": "/"},
        {"model_name": "", "url": "/"},
        {"model_name": "x" * 1025, "url": "/"},
        {"model_name": "iris", "url": "/etc"},
        {"model_name": "iris", "url": "{root}/../new/iris"},
        {"model_name": "iris", "url": "{root}/nothing"},
        {"model_name": "iris", "url": "s3://bucket/iris"},
        {"model_name": "iris", "url": "{root}/\0"},
        {"model_name": "iris", "url": "{root}/\ud800"},
        {"model_name": "iris", "url": "{root}/" + "x" * 900},
        {"model_name": "iris", "url": "{root}/" + "x/" * 400},
        {"model_name": "iris", "url": "{root}/loop"},
    ],
)
def test_what_is_no_model_below_the_root_is_refused(body: Any, root: Path) -> None:
    if isinstance(body, dict) and isinstance(body.get("url"), str):
        body = {**body, "url": body["url"].replace("{root}", str(root))}
    (root / "loop").symlink_to("loop")
    server = managed(root)
    status, problem = ask(server, "POST", "/models", body)
    assert status == problem["status"]
    assert status in (400, 422)
    assert ask(server, "GET", "/models") == (200, {"models": []})


@pytest.mark.parametrize("content", [b"", b"{", b"[1", b'"models"', b"\xff", b'{"model_name": "a" "b"}'])
def test_what_is_no_json_is_refused(content: bytes, root: Path) -> None:
    headers = {"content-type": "application/json"}
    assert managed(root).answer(Request("POST", "/models", headers, content)).status in (400, 422)


def test_a_link_out_of_the_root_is_refused(root: Path) -> None:
    (root / "out").symlink_to(root.parent / "new" / "iris")
    status, _ = ask(managed(root), "POST", "/models", {"model_name": "x", "url": str(root / "out")})
    assert status == 422


def test_a_bundle_that_was_altered_is_not_served(root: Path) -> None:
    (root / "iris" / "model" / "model.onnx").write_bytes(b"other")
    server = managed(root)
    assert load(server, root, "iris")[0] == 503
    assert ask(server, "GET", "/models") == (200, {"models": []})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/models", "GET, POST"),
        ("POST", "/models/iris", "GET, DELETE"),
        ("GET", "/models/iris/invoke", "POST"),
    ],
)
def test_other_methods_are_refused(method: str, path: str, allowed: str, root: Path) -> None:
    response = managed(root).answer(Request(method, path, {}, b""))
    assert (response.status, response.headers["allow"]) == (405, allowed)


def test_a_worker_that_takes_the_place_of_a_dead_one_has_the_same_models(root: Path) -> None:
    environ = {"SAGEMAKER_MULTI_MODEL": "true", "ONEHANDLER_MODELS_ROOT": str(root)}
    with container(**environ) as served:
        assert served.get("/ping")[0] == 200, "ready before there is a model"
        connection = served.connection()
        for name in NAMES[:2]:
            body = json.dumps({"model_name": name, "url": str(root / name / "model")})
            connection.request("POST", "/models", body)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            response.read()
        connection.close()
        [worker] = served.workers()
        os.kill(worker, signal.SIGKILL)
        until(lambda: served.workers() not in ([], [worker]))
        _, _, listed = served.get("/models")
        assert [each["modelName"] for each in json.loads(listed)["models"]] == list(NAMES[:2])


def test_each_model_answers_for_itself(root: Path) -> None:
    server = managed(root)
    for name in ("iris", "regression"):
        assert load(server, root, name)[0] == 200
    target = {"content-type": "application/json", "x-amzn-sagemaker-target-model": "iris.tar.gz"}
    body = json.dumps([ROW]).encode()
    response = server.answer(Request("POST", "/models/iris/invoke", target, body))
    assert (response.status, len(json.loads(response.body))) == (200, 1)
    refused = server.answer(Request("POST", "/models/regression/invoke", target, body))
    assert refused.status in (400, 422), "four columns for a model of three"
