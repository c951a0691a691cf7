"""Several models behind one `answer`: choosing, loading, forgetting, failing."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from onehandler.errors import Conflict, NotFound, OutOfMemory
from onehandler.handler import Handler, load
from onehandler.message import Request
from onehandler.models.layout import Source
from onehandler.models.repository import Models
from onehandler.protocols.listing import Listed
from onehandler.settings import Settings
from tests import bundles
from tests.bundles import ROW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onehandler.message import Response

SIZES = {"iris": [ROW], "regression": [[1, 2, 3]]}


def put(root: Path, name: str, version: str, /, **changes: Any) -> Path:
    made = bundles.build(name, root / "building", name=name, version=version, **changes)
    target = root / "models" / name / version
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, target)
    return target


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for version in ("1", "2"):
        put(tmp_path, "iris", version)
    put(tmp_path, "regression", "1")
    return tmp_path / "models"


def models_in(root: Path, configuration: Mapping[str, Any] | None = None, **environ: str) -> Models:
    if configuration is not None:
        (root / "models.json").write_text(json.dumps(configuration))
    return Models.load(str(root), Settings(environ))


def post(models: Models, path: str, rows: Any, **headers: str) -> Response:
    body = json.dumps({"instances" if path.startswith("/v1") else "rows": rows}).encode()
    return models.answer(Request("POST", path, {"content-type": "application/json", **headers}, body))


def loaded(models: Models) -> set[str]:
    return {f"{each.name}/{each.version}" for each in models.listed() if each.loaded}


def test_paths_choose_model_and_version_and_headers_say_which(root: Path) -> None:
    models = models_in(root, {"models": {"iris": {"labels": {"stable": "1"}}, "regression": {}}})
    for path, rows, version in (
        ("/predict/iris", [ROW], "iris 2"),
        ("/predict/iris/1", [ROW], "iris 1"),
        ("/predict/regression", [[1, 2, 3]], "regression 1"),
        ("/v1/models/iris:predict", [ROW], "iris 2"),
        ("/v1/models/iris/versions/1:predict", [ROW], "iris 1"),
        ("/v1/models/iris/labels/stable:predict", [ROW], "iris 1"),
    ):
        response = post(models, path, rows)
        assert response.status == 200, response.body
        told = f"{response.headers['onehandler-model']} {response.headers['onehandler-version']}"
        assert told == version, path


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/predict", "must name a model"),
        ("/predict/other", "no such model; there are: iris, regression"),
        ("/predict/iris/7", "no such version; there are: 1, 2"),
        ("/v1/models/iris/labels/stable:predict", "no such label; there are: none"),
    ],
)
def test_what_is_not_there_is_404_and_named(path: str, says: str, root: Path) -> None:
    response = post(models_in(root), path, [ROW])
    assert response.status == 404
    assert says in response.body.decode()


def test_answers_are_those_of_the_bundle_alone(root: Path) -> None:
    models = models_in(root, {"default": "iris"})
    alone = Handler.load(str(root / "iris/2"), Settings({}))
    try:
        asked = Request("POST", "/predict", {}, json.dumps({"rows": [ROW]}).encode())
        assert models.answer(asked).body == alone.answer(asked).body
    finally:
        alone.close()


def test_models_are_loaded_when_asked_for_and_the_default_at_once(root: Path) -> None:
    models = models_in(root, {"default": "iris"})
    assert loaded(models) == {"iris/2"}
    post(models, "/predict/regression", [[1, 2, 3]])
    assert loaded(models) == {"iris/2", "regression/1"}


def test_many_first_requests_load_a_model_once(root: Path) -> None:
    models, found, barrier = models_in(root), [], threading.Barrier(8)

    def ask() -> None:
        barrier.wait(10)
        found.append(models.choose(Request("GET", "/", {}, b""), {"name": "iris"}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_the_least_recently_used_makes_room_and_comes_back(tmp_path: Path) -> None:
    """Each bundle holds 3 MB, 8 may be held: two fit (what loading takes beside the files is below 2 MB each)."""
    for version in "123":
        put(tmp_path, "iris", version, files={"weights.bin": b"\1" * 3_000_000})
    models = models_in(tmp_path / "models", ONEHANDLER_MODELS_MB="8")
    assert loaded(models) == {"iris/3"}
    post(models, "/predict/iris/1", [ROW])
    post(models, "/predict/iris/3", [ROW])
    assert loaded(models) == {"iris/1", "iris/3"}
    assert post(models, "/predict/iris/2", [ROW]).status == 200
    assert "iris/2" in loaded(models)
    assert "iris/1" not in loaded(models)
    assert post(models, "/predict/iris/1", [ROW]).status == 200


def test_requests_under_way_keep_a_model_that_had_to_go(tmp_path: Path) -> None:
    for version in "12":
        put(tmp_path, "iris", version, files={"weights.bin": b"\1" * 3_000_000})
    models = models_in(tmp_path / "models", ONEHANDLER_MODELS_MB="4")
    asked = Request("POST", "/predict", {}, json.dumps({"rows": [ROW]}).encode())
    chosen = models.choose(asked, {"name": "iris", "version": "1"})
    post(models, "/predict/iris/2", [ROW])
    assert loaded(models) == {"iris/2"}
    assert chosen.answer(asked).status == 200


def test_a_model_beyond_the_ceiling_is_507_and_says_what_to_raise(tmp_path: Path) -> None:
    put(tmp_path, "iris", "1", files={"weights.bin": b"\1" * 3_000_000})
    response = post(models_in(tmp_path / "models", ONEHANDLER_MODELS_MB="2"), "/predict", [ROW])
    assert response.status == 507
    assert "ONEHANDLER_MODELS_MB" in response.body.decode()


def test_lambdas_memory_setting_is_the_ceiling() -> None:
    assert Settings({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1000"}).models_bytes == 600 * 1024 * 1024
    assert (
        Settings({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1000", "ONEHANDLER_MODELS_MB": "0"}).models_bytes == 0
    )
    assert Settings({}).models_bytes == 0


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_broken_model_is_503_alone_and_tried_again_later(root: Path) -> None:
    model = root / "iris/2/model.onnx"
    content = model.read_bytes()
    model.write_bytes(b"no model" + content[8:])
    clock = Clock()
    models = Models(Models.load(str(root))._layout, Settings({}), clock=clock)
    assert post(models, "/predict/iris", [ROW]).status == 503
    assert post(models, "/predict/iris/1", [ROW]).status == 200
    model.write_bytes(content)
    assert post(models, "/predict/iris", [ROW]).status == 503  # remembered
    clock.now += 11
    assert post(models, "/predict/iris", [ROW]).status == 200


def test_a_clients_answer_does_not_hold_the_reason(root: Path) -> None:
    (root / "iris/2/model.onnx").unlink()
    body = post(models_in(root), "/predict/iris", [ROW]).body.decode()
    assert "the log says why" in body
    assert str(root) not in body


def test_code_that_fails_while_loading_is_503(tmp_path: Path) -> None:
    put(tmp_path, "iris", "1", files={"handler.py": b"raise RuntimeError('secret')"})
    response = post(models_in(tmp_path / "models"), "/predict", [ROW])
    assert response.status == 503
    assert b"secret" not in response.body


def test_a_folder_must_hold_what_it_says(root: Path) -> None:
    shutil.move(root / "iris/2", root / "iris/3")
    assert post(models_in(root), "/predict/iris/3", [ROW]).status == 503


def test_a_pinned_digest_is_checked(root: Path) -> None:
    versions = {"1": {"digest": "0" * 64}, "2": {}}
    models = models_in(root, {"models": {"iris": {"versions": versions}}})
    assert post(models, "/predict/iris/1", [ROW]).status == 503
    assert post(models, "/predict/iris/2", [ROW]).status == 200


def test_a_split_serves_both_versions_and_keeps_to_the_key(root: Path) -> None:
    told = {"iris": {"split": {"1": 50, "2": 50}, "sticky": "x-user"}}
    models = models_in(root, {"models": told})
    by_user = {
        user: {
            post(models, "/predict", [ROW], **{"x-user": str(user)}).headers["onehandler-version"]
            for _ in "12"
        }
        for user in range(20)
    }
    assert all(len(versions) == 1 for versions in by_user.values())
    assert set.union(*by_user.values()) == {"1", "2"}
    assert post(models, "/predict/iris/1", [ROW], **{"x-user": "1"}).headers["onehandler-version"] == "1"


def test_models_come_and_go_at_run_time(root: Path) -> None:
    models = models_in(root)
    models.add("fresh", Source(str(root / "iris/1"), any_name=True))
    assert post(models, "/predict/fresh", [ROW]).status == 200
    with pytest.raises(Conflict):
        models.add("fresh", Source(str(root / "iris/1"), any_name=True))
    models.remove("fresh")
    assert post(models, "/predict/fresh", [ROW]).status == 404
    with pytest.raises(NotFound):
        models.remove("fresh")


def test_adding_what_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    put(tmp_path, "iris", "1")
    big = put(tmp_path, "regression", "1", files={"weights.bin": b"\1" * 3_000_000})
    models = models_in(tmp_path / "models", {"models": {"iris": {}}}, ONEHANDLER_MODELS_MB="2")
    with pytest.raises(OutOfMemory):
        models.add("big", Source(str(big), any_name=True))
    assert [each.name for each in models.listed()] == ["iris"]
    assert post(models, "/predict", [ROW]).status == 200


def test_they_are_listed_with_defaults_and_labels(root: Path) -> None:
    models = models_in(root, {"models": {"iris": {"default": "1", "labels": {"canary": "2"}}}})
    told = [(each.name, each.version, each.default, each.labels) for each in models.listed()]
    assert told == [("iris", "1", True, ()), ("iris", "2", False, ("canary",))]
    assert isinstance(models.listed()[0], Listed)
    health = json.loads(models.answer(Request("GET", "/healthz", {}, b"")).body)
    assert health["models"] == [{"name": "iris", "version": "1"}, {"name": "iris", "version": "2"}]


def test_what_a_setting_names_is_a_bundle_or_a_folder_of_models(root: Path) -> None:
    assert isinstance(load(str(root / "iris/1"), Settings({})), Handler)
    assert isinstance(load(str(root), Settings({})), Models)
