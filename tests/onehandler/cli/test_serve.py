"""`onehandler serve` and `onehandler emulate` as processes: they tell where, answer, and end when told to."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from onehandler.serving.cpus import usable_cpus
from tests.bundles import ROW
from tests.onehandler.serving.servers import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]


@contextmanager
def process(*words: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "onehandler.cli.main", *map(str, words)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def answer(url: str, body: object = None) -> object:
    content = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, content, {"content-type": "application/json"}), timeout=60) as response:
        return json.load(response)


@pytest.mark.parametrize("workers", [1, 2])
def test_serve_answers_until_it_is_interrupted(workers: int, iris_bundle: str) -> None:
    with process("serve", iris_bundle, "--port", 0, "--workers", workers) as server:
        assert server.stderr is not None
        url = re.findall(r"http://127\.0\.0\.1:\d+/", server.stderr.readline())[0]
        predictions = answer(f"{url}predict", {"rows": [ROW]})
        assert isinstance(predictions, dict)
        assert len(predictions["predictions"]) == 1
        server.send_signal(signal.SIGINT)
        server.wait(30)
    with pytest.raises(OSError, match="refused"):
        answer(f"{url}healthz")


def test_serve_has_a_worker_for_each_cpu_and_joins_requests_if_told_to(iris_bundle: str) -> None:
    with process("serve", iris_bundle, "--port", 0, "--max-batch", 4, "--max-wait", 5) as server:
        assert server.stderr is not None
        url = re.findall(r"http://127\.0\.0\.1:\d+/", server.stderr.readline())[0]
        assert len(children(server.pid)) == usable_cpus()
        assert answer(f"{url}predict", {"rows": [ROW]})
        server.terminate()
        assert server.wait(30) == 0


def test_serve_refuses_nonsense_in_the_environment(
    iris_bundle: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONEHANDLER_MAX_WAIT_MS", "soon")
    found = run("serve", iris_bundle, "--port", 0)
    assert found.exit_code == 2
    assert found.stderr.startswith("error: ONEHANDLER_MAX_WAIT_MS: must be a whole number")


def test_serve_says_when_the_port_is_taken(iris_bundle: str, run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        found = run("serve", iris_bundle, "--port", taken.getsockname()[1])
    assert found.exit_code == 2
    assert "choose another --port" in found.stderr


def test_serve_refuses_a_bundle_before_it_listens(tmp_path: Path, run: Run) -> None:
    assert "no bundle here" in run("serve", tmp_path, "--port", 0).stderr


def test_emulate_tells_its_endpoint_answers_and_ends(tmp_path: Path) -> None:
    with process("emulate", "--port", 0, "--data", tmp_path, "--json") as emulator:
        assert emulator.stdout is not None
        told = json.loads(emulator.stdout.readline())
        assert told["endpoint"].startswith("http://127.0.0.1:")
        assert answer(told["health"])
        emulator.send_signal(signal.SIGTERM)
        assert emulator.wait(60) == 0
