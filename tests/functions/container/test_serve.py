"""The container's program: what it serves, its health check, its end."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onehandler.bundle_archive import pack
from tests import bundles
from tests.bundles import ROW
from tests.functions.container.containers import PROGRAM, container, environment

SLOW = b"""
import time
from onehandler.handler import Handler
class Slow(Handler):
    def postprocess(self, outputs):
        time.sleep(0.7)
        return outputs
"""


def test_it_serves_what_sagemaker_unpacks(tmp_path: Path) -> None:
    with container(SM_MODEL_DIR=bundles.build("iris", tmp_path)) as served:
        assert served.get("/ping")[0] == 200
        assert served.ask([ROW])[0]["label"] == 2


def test_it_serves_an_archive_in_the_model_folder(tmp_path: Path) -> None:
    pack(Path(bundles.build("iris", tmp_path / "new")), tmp_path / "model" / "model.tar.gz")
    with container(SM_MODEL_DIR=str(tmp_path / "model"), TMPDIR=str(tmp_path)) as served:
        assert served.ask([ROW])[0]["label"] == 2
    assert not list(tmp_path.glob("onehandler-bundle-*")), "what was unpacked goes when it ends"


def test_its_health_check_asks_the_port_that_the_platform_chose(tmp_path: Path) -> None:
    check = [sys.executable, "-m", "functions.container.check"]
    with container(SM_MODEL_DIR=bundles.build("iris", tmp_path)) as served:
        environ = environment(SAGEMAKER_BIND_TO_PORT=str(served.port))
        assert subprocess.run(check, env=environ, check=False).returncode == 0
    assert subprocess.run(check, env=environ, check=False).returncode == 1, "nobody listens any more"


def test_requests_under_way_are_answered_before_it_ends(tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path, files={"handler.py": SLOW})
    with container(SM_MODEL_DIR=bundle) as served:
        answers: list[object] = []
        thread = threading.Thread(target=lambda: answers.append(served.ask([ROW])))
        thread.start()
        time.sleep(0.3)
        started = time.monotonic()
        served.process.terminate()
        served.process.wait(30)
        assert time.monotonic() - started < 10
        thread.join()
        assert len(answers) == 1


@pytest.mark.parametrize(
    ("words", "environ", "told"),
    [
        (["train"], {}, "error: the container takes one argument: serve"),
        (["serve"], {"SM_MODEL_DIR": "/nowhere"}, "error: no bundle in /nowhere, /opt/onehandler/bundle;"),
        (["serve"], {"PORT": "x"}, "error: PORT: must be a whole number"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_one_line(
    words: list[str], environ: dict[str, str], told: str
) -> None:
    done = subprocess.run(
        [*PROGRAM[:-1], *words], env=environment(**environ), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1


def test_a_request_may_take_as_long_as_the_platform_gives_it(tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path, files={"handler.py": SLOW}, samples={})
    with container(SM_MODEL_DIR=bundle, SAGEMAKER_MODEL_SERVER_TIMEOUT="2", ONEHANDLER_WORKERS="1") as served:
        assert served.post({"rows": [ROW]})[0] == 200
        # Eight threads, 0.7 s each: of 32 at once, the last eight are not answered within two seconds.
        with ThreadPoolExecutor(32) as pool:
            found = list(pool.map(lambda _: served.post({"rows": [ROW]})[0], range(32)))
        assert set(found) <= {200, 504}
        assert found.count(504) >= 8


def test_large_answers_are_streamed(tmp_path: Path) -> None:
    with container(SM_MODEL_DIR=bundles.build("wide", tmp_path)) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        connection.request("POST", "/predict", b'{"rows": [1, 2, 3]}')
        response = connection.getresponse()
        assert response.headers["transfer-encoding"] == "chunked"
        first = response.read1(1 << 20)
        assert 0 < len(first) < 1 << 20
        assert len(json.loads(first + response.read())["predictions"]) == 3
        connection.close()
