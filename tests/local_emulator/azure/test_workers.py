"""Worker processes: several, killed, too slow, unable to start; and nothing left of them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from local_emulator.azure.emulators import running
from local_emulator.azure.errors import DeploymentRefused, RuntimeMissing, SettingsRefused
from local_emulator.azure.settings import Pace
from local_emulator.azure.workers.environments import Environments
from onehandler.errors import SettingsError
from tests.local_emulator.azure.hosts import host_of, until, write_app

if TYPE_CHECKING:
    from tests.local_emulator.azure.hosts import Host

SLOW = """
import os, time
@app.route(route="pid")
def pid(req: func.HttpRequest) -> str:
    return str(os.getpid())

@app.route(route="sleep/{seconds}")
def sleep(req: func.HttpRequest) -> str:
    print("asleep", flush=True)
    time.sleep(float(req.route_params["seconds"]))
    return str(os.getpid())

@app.route(route="block")
async def block(req: func.HttpRequest) -> str:
    while True:
        pass
"""
THREADS = {"PYTHON_THREADPOOL_THREAD_COUNT": "8"}


def pids(host: Host, times: int = 8) -> set[str]:
    return {requests.get(f"{host.url}/api/pid", timeout=60).text for _ in range(times)}


def test_several_workers_take_turns_and_are_replaced(tmp_path: Path) -> None:
    with host_of(write_app(tmp_path / "app", SLOW), {"FUNCTIONS_WORKER_PROCESS_COUNT": "2"}) as host:
        until(lambda: True if len(host.emulator.worker_pids()) == 2 else None, "two workers")
        before = pids(host)
        assert len(before) == 2
        victim = before.pop()
        os.kill(int(victim), signal.SIGKILL)
        until(lambda: True if len(set(host.emulator.worker_pids()) - {int(victim)}) == 2 else None, "another")
        after = pids(host)
        assert len(after) == 2
        assert victim not in after


def test_a_worker_killed_in_the_middle_of_a_request_is_a_500_and_the_next_is_answered(tmp_path: Path) -> None:
    with host_of(write_app(tmp_path / "app", SLOW), THREADS) as host:
        answers: list[requests.Response] = []
        ask = threading.Thread(
            target=lambda: answers.append(requests.get(f"{host.url}/api/sleep/30", timeout=60))
        )
        ask.start()
        until(lambda: any("asleep" in line.text for line in host.log) or None, "the run")
        os.kill(host.emulator.worker_pids()[0], signal.SIGKILL)
        ask.join()
        assert answers[0].status_code == 500
        assert pids(host, 1)


@pytest.mark.parametrize("path", ["sleep/60", "block"])
def test_a_run_over_its_time_ends_the_worker(tmp_path: Path, path: str) -> None:
    with host_of(write_app(tmp_path / "app", SLOW, {"functionTimeout": "00:00:01"}), THREADS) as host:
        before = pids(host, 1)
        began = time.monotonic()
        assert requests.get(f"{host.url}/api/{path}", timeout=60).status_code == 500
        assert 0.9 < time.monotonic() - began < 20
        assert pids(host, 1) != before


def test_the_front_end_gives_up_and_the_function_goes_on(tmp_path: Path) -> None:
    pace = Pace(http_patience=0.5, drain=5.0)
    with host_of(write_app(tmp_path / "app", SLOW), THREADS, pace=pace) as host:
        before = pids(host, 1)
        assert requests.get(f"{host.url}/api/sleep/1.5", timeout=60).status_code == 504
        assert pids(host, 1) == before


def test_requests_over_host_jsons_limit_are_turned_away(tmp_path: Path) -> None:
    limits = {"extensions": {"http": {"maxOutstandingRequests": 2, "maxConcurrentRequests": 1}}}
    with host_of(write_app(tmp_path / "app", SLOW, limits), THREADS) as host:
        together = threading.Barrier(6)

        def ask(_: int) -> int:
            together.wait()
            return requests.get(f"{host.url}/api/sleep/2", timeout=60).status_code

        with ThreadPoolExecutor(6) as pool:
            began = time.monotonic()
            statuses = sorted(pool.map(ask, range(6)))
        assert statuses == [200, 200, 429, 429, 429, 429]
        assert time.monotonic() - began >= 4, "one after the other"


def test_workers_that_can_no_longer_start_are_given_up_on(tmp_path: Path) -> None:
    """The app's import works once; every worker after the first fails, and requests are not kept waiting."""
    marker = tmp_path / "imported"
    once = f"import pathlib\nmarker = pathlib.Path({str(marker)!r})\nmarker.touch(exist_ok=False)\n"
    with host_of(write_app(tmp_path / "app", once + SLOW), THREADS) as host:
        assert pids(host, 1)
        os.kill(host.emulator.worker_pids()[0], signal.SIGKILL)
        assert requests.get(f"{host.url}/api/pid", timeout=60).status_code == 500


def test_an_app_without_functions_in_python_is_refused(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", "")
    (app / "function_app.py").unlink()
    with pytest.raises(DeploymentRefused, match=r"no function_app\.py"), running(app):
        pass


def test_a_count_of_workers_is_checked(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", SLOW)
    with (
        pytest.raises(SettingsRefused, match="from 1 to 10"),
        running(app, {"FUNCTIONS_WORKER_PROCESS_COUNT": "11"}),
    ):
        pass


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(SettingsRefused, match="choose another --port"),
            running(write_app(tmp_path / "app", SLOW), port=taken.getsockname()[1]),
        ):
            pass


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    def none(version: str) -> Path:
        raise SettingsError(f"no Python {version}")

    with pytest.raises(RuntimeMissing, match=r"pyenv install 3\.13"):
        Environments(tmp_path, find=none).python("3.13")
    with pytest.raises(DeploymentRefused, match=r"Python 3\.11"):
        Environments(tmp_path).python("3.11")


def test_closing_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    from local_emulator.azure.emulator import AzureEmulator
    from local_emulator.azure.settings import EmulatorSettings

    emulator = AzureEmulator(EmulatorSettings(write_app(tmp_path / "app", SLOW), root)).start()
    worker = emulator.worker_pids()[0]
    emulator.close()
    assert not Path(f"/proc/{worker}").exists()
    assert list(root.iterdir()) == []
    assert _mentioning(str(root)) == []


def test_a_host_that_is_killed_leaves_nothing_either(tmp_path: Path) -> None:
    root, app = tmp_path / "root", write_app(tmp_path / "app", SLOW)
    command = [
        sys.executable,
        "-m",
        "onehandler.cli.main",
        "emulate",
        "--azure",
        str(app),
        "--data",
        str(root),
    ]
    process = subprocess.Popen([*command, "--port", "0", "--json"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        assert b'"url"' in process.stdout.readline()
    assert _mentioning(str(root)), "Azurite runs there"
    process.kill()
    process.wait()
    until(lambda: None if _mentioning(str(tmp_path)) else True, "the end of every process")


def _mentioning(text: str) -> list[str]:
    """Processes with this in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if text in command and path.parent.name != str(os.getpid()):
            found.append(command)
    return found
