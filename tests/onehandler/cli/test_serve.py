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

from tests.bundles import ROW

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
        # The socket takes connections only once a worker listens on it; until then they are refused.
        predictions = retried(lambda: answer(f"{url}predict", {"rows": [ROW]}))
        assert isinstance(predictions, dict)
        assert len(predictions["predictions"]) == 1
        server.send_signal(signal.SIGINT)
        server.wait(30)
    with pytest.raises(OSError, match="refused"):
        answer(f"{url}healthz")


def retried(ask: Callable[[], object], seconds: float = 30) -> object:
    import time

    end = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


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
