"""The benchmark itself, for some seconds: what it counts as right, and that nothing is lost. Timings fail nothing."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from benchmarks.killing.clients import CUT, ENDED, REFUSED, RIGHT, WRONG, Case, attack

if TYPE_CHECKING:
    from collections.abc import Iterator

_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


def test_no_answer_is_lost_or_wrong_when_workers_are_killed() -> None:
    words = ["--requests", "3000", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.container_load", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    row = {each["figure"]: each["value"] for each in found["rows"]}
    assert (found["ratios"]["wrong_answers"], found["ratios"]["lost_requests"]) == (0, 0)
    assert row["answered rightly"] == row["requests"] == 3000
    assert row["workers killed"] >= 2


@pytest.fixture
def faulty() -> Iterator[int]:
    """A server that gives these answers, one a connection, in turn."""
    answers = iter([_OK + b"no", _OK + b"y", b"", b"HTTP/1.1 503 \r\ncontent-length: 0\r\n\r\n", _OK + b"ok"])
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def test_every_fault_is_told_from_the_others(faulty: int) -> None:
    seen = asyncio.run(attack(faulty, [Case(b"{}", b"ok")], 2, 1, 1000.0))
    assert seen.outcomes == {WRONG: 1, ENDED: 3, CUT: 1, REFUSED: 1, RIGHT: 1}
    assert seen.unanswered == 0
