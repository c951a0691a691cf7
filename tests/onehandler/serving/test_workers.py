"""The parent and its workers, as processes: shares, deaths, ends."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from onnx import helper

from onehandler.bundle_archive import pack
from tests import bundles
from tests.bundles import ROW
from tests.onehandler.serving.servers import Served, alive, serving, start, until

# Takes as many seconds as the first value of its first row says; fails to load where the file "broken" is.
SLEEPY = b"""
import os, time
from onehandler.handler import Handler
if os.path.exists(os.environ.get("BROKEN", "") or "/nowhere"):
    raise RuntimeError("no licence found")
class Sleepy(Handler):
    def preprocess(self, inputs):
        time.sleep(next(iter(inputs.values())).values()[0])
        return inputs
"""


def row(seconds: float) -> list[float]:
    return [seconds, 0.0, 0.0, 0.0]


@pytest.fixture
def sleepy(tmp_path: Path) -> str:
    return bundles.build("iris", tmp_path, files={"handler.py": SLEEPY}, samples={"rows": [row(0.0)]})


def sockets(pid: int) -> int:
    return descriptors(pid).count("socket:")


def test_connections_are_shared_out_evenly(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 2) as served:
        before = {pid: sockets(pid) for pid in served.workers()}
        connections = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(8)]

        def taken() -> list[int]:
            return [sockets(pid) - count for pid, count in before.items()]

        until(lambda: sum(taken()) == 8)
        assert max(taken()) <= 6  # left to themselves, one often has all; without a CPU it loses its turn
        for connection in connections:
            connection.close()


def test_health_does_not_wait_for_models(sleepy: str) -> None:
    with serving(sleepy, "--workers", 1) as served:
        asking = [asked(served, 3.0, settle=0.05) for _ in range(12)]  # more than there are threads
        started = time.monotonic()
        with urlopen(f"http://127.0.0.1:{served.port}/ping", timeout=30) as response:
            assert response.status == 200
        assert time.monotonic() - started < 1.5
        for thread, answers in asking:
            thread.join()
            assert answers == [1]


def dies_and_comes_back(served: Served, number: int) -> int:
    """Kill a worker; gives the id of the one in its place."""
    before = served.workers()
    killed = before[number]
    os.kill(killed, signal.SIGKILL)
    until(lambda: killed not in served.workers() and len(served.workers()) == len(before))
    [line] = served.logged()
    assert (line["level"], line["pid"]) == ("ERROR", killed)
    assert line["message"] == f"worker {number} ended by SIGKILL; another is started"
    [new] = set(served.workers()) - set(before)
    return new


def test_a_worker_that_dies_is_started_anew_and_logged(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 2) as served:
        new = dies_and_comes_back(served, 0)
        [other] = set(served.workers()) - {new}
        os.kill(other, signal.SIGSTOP)  # so that only the new one can answer
        try:
            for _ in range(8):
                assert served.ask([ROW])[0]["label"] == 2
        finally:
            os.kill(other, signal.SIGCONT)


def test_the_parent_of_a_small_model_needs_next_to_nothing(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 2) as served:
        assert served.ask([ROW])
        assert memory(served.process.pid, "Rss") < 16


def test_an_archive_may_be_served(tmp_path: Path) -> None:
    archive = tmp_path / "iris.tar.gz"
    pack(Path(bundles.build("iris", tmp_path)), archive)
    with serving(str(archive), "--workers", 1) as served:
        new = dies_and_comes_back(served, 0)
        assert served.ask([ROW])[0]["label"] == 2
        assert served.workers() == [new]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ending_answers_what_is_under_way(number: signal.Signals, sleepy: str) -> None:
    with serving(sleepy, "--workers", 2) as served:
        workers = served.workers()
        thread, answers = asked(served, 1.0)
        served.process.send_signal(number)
        assert served.process.wait(20) == 0
        thread.join()
        assert answers == [1]
        assert not any(map(alive, workers))
        assert served.logged() == []


def test_ending_takes_no_longer_than_the_drain(sleepy: str) -> None:
    with serving(sleepy, "--workers", 1, "--drain", 1) as served:
        workers = served.workers()
        thread, answers = asked(served, 60.0)
        started = time.monotonic()
        served.process.terminate()
        assert served.process.wait(20) == 0
        assert time.monotonic() - started < 6
        thread.join()
        assert answers == [503]
        assert not any(map(alive, workers))


def test_a_second_signal_ends_at_once(sleepy: str) -> None:
    with serving(sleepy, "--workers", 1) as served:
        thread, answers = asked(served, 60.0)
        started = time.monotonic()
        served.process.terminate()
        time.sleep(0.3)
        served.process.terminate()
        assert served.process.wait(20) == 0
        assert time.monotonic() - started < 6
        thread.join()
        assert answers == []


def test_workers_end_when_their_parent_is_gone(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 2) as served:
        workers = served.workers()
        served.process.kill()
        until(lambda: not any(map(alive, workers)))


def test_a_worker_that_cannot_start_is_told_in_one_line(sleepy: str, tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    process = start(sleepy, "--workers", 2, BROKEN=str(tmp_path / "broken"))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors == "error: a worker cannot start: RuntimeError: no licence found\n"


def test_a_worker_that_cannot_start_again_ends_the_command(sleepy: str, tmp_path: Path) -> None:
    with serving(sleepy, "--workers", 2, BROKEN=str(tmp_path / "broken")) as served:
        workers = served.workers()
        (tmp_path / "broken").touch()
        os.kill(workers[0], signal.SIGKILL)
        assert served.process.wait(20) == 2
        assert served.process.stderr is not None
        assert "a worker cannot start: RuntimeError: no licence found" in served.process.stderr.read()
        assert not any(map(alive, workers))


def test_a_model_with_threads_of_its_own_is_loaded_by_each_worker(tmp_path: Path) -> None:
    with serving(bundles.build("iris", tmp_path), "--workers", 2, ONEHANDLER_THREADS="2") as served:
        assert [served.ask([ROW])[0]["label"] for _ in range(4)] == [2] * 4


def test_a_large_model_is_in_memory_once(tmp_path: Path) -> None:
    """The workers' own share of 64 MB of weights is next to nothing, also of one that was started anew."""
    inputs = [bundles.spec("x", "float32", [-1, 4096])]
    outputs = [bundles.spec("y", "float32", [-1, 4096])]
    weights = np.ones((4096, 4096), dtype=np.float32)
    model = bundles.make_model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], inputs, outputs, {"w": weights}
    )
    path = bundles.write(tmp_path / "large", "large", model, inputs, outputs, [])
    with serving(path, "--workers", 2) as served:
        dies_and_comes_back(served, 1)
        for _ in range(4):
            assert served.post({"inputs": {"x": [[1.0] * 4096]}})[0] == 200
        assert all(memory(pid, "Private_Dirty") < 32 for pid in served.workers())


def memory(pid: int, kind: str) -> float:
    """MB, by the kernel's name for it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in rollup.splitlines() if line.startswith(f"{kind}:")).split()[1]) / 1024


def descriptors(pid: int) -> str:
    """What a process has open."""
    found = []
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(entry.readlink()))
        except OSError:  # closed meanwhile
            continue
    return " ".join(found)


def asked(served: Served, seconds: float, settle: float = 0.3) -> tuple[threading.Thread, list[int]]:
    """Ask for a prediction that takes that long; gives its thread, and what will hold its number of rows."""
    answers: list[int] = []

    def ask() -> None:
        try:
            status, body = served.post({"rows": [row(seconds)]}, timeout=90)
            answers.append(len(body["predictions"]) if status == 200 else status)
        except OSError:  # the server ended first
            return

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(settle)  # it is under way
    return thread, answers
