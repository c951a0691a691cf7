"""A folder of models behind `onehandler serve`: every worker has all of them, also one that replaces another."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests import bundles
from tests.bundles import ROW
from tests.onehandler.serving.servers import serving, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.onehandler.serving.servers import Served


@pytest.fixture
def models(tmp_path: Path) -> Path:
    root = tmp_path / "models"
    for version in ("1", "2"):
        made = bundles.build("iris", tmp_path / "building", version=version)
        (root / "iris").mkdir(parents=True, exist_ok=True)
        shutil.move(made, root / "iris" / version)
    told = {"models": {"iris": {"split": {"1": 1, "2": 1}, "sticky": "x-user"}}}
    (root / "models.json").write_text(json.dumps(told))
    return root


def version_for(server: Served, path: str, user: str) -> str:
    connection = server.connection()
    try:
        headers = {"content-type": "application/json", "x-user": user}
        connection.request("POST", path, json.dumps({"rows": [ROW]}), headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        response.read()
        return response.headers["onehandler-version"]
    finally:
        connection.close()


def test_workers_agree_on_who_gets_which_version_and_a_new_one_does_too(models: Path) -> None:
    with serving(str(models), "--workers", 2) as server:
        users = [f"user-{number}" for number in range(12)]
        first = {user: version_for(server, "/predict", user) for user in users}
        assert set(first.values()) == {"1", "2"}
        assert {user: version_for(server, "/predict", user) for user in users} == first
        assert version_for(server, "/predict/iris/1", users[0]) == "1"
        before = server.workers()
        os.kill(before[0], signal.SIGKILL)
        until(lambda: len(set(server.workers()) - set(before)) == 1)
        assert {user: version_for(server, "/predict", user) for user in users} == first


def test_pages_name_all_of_them(models: Path) -> None:
    with serving(str(models), "--workers", 1) as server:
        status, _, page = server.get("/")
        assert status == 200
        assert b"predict/iris/1" in page
        assert b"predict/iris/2" in page
        assert json.loads(server.get("/healthz")[2])["models"] == [
            {"name": "iris", "version": "1"},
            {"name": "iris", "version": "2"},
        ]


def test_joining_requests_of_several_models_is_refused_by_name(models: Path) -> None:
    with pytest.raises(AssertionError, match="ONEHANDLER_MAX_BATCH"), serving(str(models), "--max-batch", 4):
        pass
