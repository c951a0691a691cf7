"""Instances killed at random moments, and emulators killed with them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.errors import ExecutorClosed
from tests.killing import kill
from tests.local_emulator.aws.execution.functions import (
    answer,
    error,
    function,
    invocation,
    is_running,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import Outcome
    from local_emulator.aws.execution.executor import Executor

BRIEF = """
    import time
    def handler(event, context):
        time.sleep(0.005)
        return event
"""
KILLS = 100


def test_a_hundred_kills_at_random_moments(executor: Executor, tmp_path: Path) -> None:
    brief = function(BRIEF)
    answer(executor.invoke(brief, invocation()))
    before = _held()
    stop = threading.Event()
    outcomes: list[tuple[object, Outcome]] = []

    def invoke_all(start: int) -> None:
        number = start
        while not stop.is_set():
            outcomes.append((number, executor.invoke(brief, invocation(number))))
            number += 4

    moments = random.Random(7)
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(invoke_all, start) for start in range(4)]
        killed = 0
        end = time.monotonic() + 60
        try:
            while killed < KILLS and time.monotonic() < end:
                time.sleep(moments.uniform(0, 0.03))
                children = _instances()
                if children and kill(moments.choice(children)):
                    killed += 1
        finally:
            stop.set()
        for each in running:
            each.result(30)

    assert killed == KILLS
    answered = [outcome for _, outcome in outcomes if outcome.function_error is None]
    for number, outcome in outcomes:
        if outcome.function_error is None:
            assert json.loads(outcome.payload) == number
        else:
            found = error(outcome)
            assert found["errorType"] == "Runtime.ExitError"
            assert found["errorMessage"].endswith("Runtime exited with error: signal: killed")
        assert outcome.log.count(b"START RequestId") == outcome.log.count(b"\nREPORT RequestId") == 1
    assert len(outcomes) - len(answered) <= KILLS
    assert answered

    assert answer(executor.invoke(brief, invocation("well"))) == "well"
    executor.retire(brief.arn)
    assert _instances() == []
    assert list((next((tmp_path / "lambda").iterdir()) / "tmp").iterdir()) == []
    answer(executor.invoke(brief, invocation()))
    assert _held() == before


def test_deploys_in_the_middle_of_traffic(executor: Executor, tmp_path: Path) -> None:
    """Every invocation runs the very snapshot that it was given, whatever is retired meanwhile."""
    versions = [function(f"def handler(event, context):\n    return {number}\n") for number in range(3)]
    drawn = random.Random(11)
    end = time.monotonic() + 3

    def invoke_some(_: int) -> int:
        done = 0
        while time.monotonic() < end:
            number = drawn.randrange(3) if drawn.random() < 0.3 else int(time.monotonic() * 4) % 3
            assert answer(executor.invoke(versions[number], invocation())) == number
            done += 1
            if drawn.random() < 0.05:
                executor.retire(versions[0].arn)
        return done

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(invoke_some, range(4))) > 10
    executor.retire(versions[0].arn)
    assert _instances() == []
    assert list((next((tmp_path / "lambda").iterdir()) / "task").iterdir()) == []


def test_closing_ends_busy_instances_and_their_callers(
    make_executor: Callable[..., Executor], tmp_path: Path
) -> None:
    executor = make_executor(instances=2)
    endless = function(
        "def handler(event, context):\n    open(event, 'a').write('x')\n    while True: pass\n",
        timeout_s=60.0,
    )
    note = tmp_path / "started"
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(executor.invoke, endless, invocation(str(note))) for _ in range(4)]
        wait_until(lambda: note.exists() and len(note.read_text()) == 2)
        began = time.monotonic()
        executor.close()
        assert time.monotonic() - began < 10
        for each in running:
            if isinstance(each.exception(10), ExecutorClosed):
                continue
            assert error(each.result())["errorType"] == "Runtime.ExitError"
    assert _instances() == []


def test_a_warden_that_was_killed_is_replaced(make_executor: Callable[..., Executor], tmp_path: Path) -> None:
    executor = make_executor()
    pid = answer(
        executor.invoke(
            function("import os\ndef handler(event, context):\n    return os.getpid()"), invocation()
        )
    )
    warden = executor.warden_pid
    os.kill(warden, signal.SIGKILL)
    wait_until(lambda: not is_running(warden))
    executor.invoke(function(name="another"), invocation())
    assert executor.warden_pid != warden
    assert is_running(pid)
    executor.close()
    assert not is_running(pid)


EMULATOR = """
import sys, threading
from pathlib import Path
from local_emulator.aws.execution.executor import Executor
from local_emulator.aws.execution.interpreters import Interpreters
from tests.local_emulator.aws.execution.functions import Lines, function, invocation

root, cache = map(Path, sys.argv[1:3])
endless = function('''
    import os, subprocess
    def handler(event, context):
        away = subprocess.Popen(["sleep", "600"], start_new_session=True)
        print(os.getpid())
        open(event, "a").write(f"{os.getpid()} {away.pid} ")
        while event:
            pass
''', timeout_s=600.0)
executor = Executor(root / "lambda", Interpreters(cache), "http://127.0.0.1:1", Lines())
idle = function("import os\\ndef handler(event, context):\\n    open(event, 'a').write(f'{os.getpid()} ')", name="idle")
executor.invoke(idle, invocation(str(root / "pids")))
for _ in range(2):
    threading.Thread(target=executor.invoke, args=(endless, invocation(str(root / "pids")))).start()
(root / "warden").write_text(str(executor.warden_pid))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_an_emulator_that_is_killed(
    tmp_path: Path, interpreters: object, number: int
) -> None:
    command = [sys.executable, "-c", EMULATOR, str(tmp_path), str(Path(sys.prefix) / "lambda-runtime")]
    emulator = subprocess.Popen(command)
    try:
        notes = [tmp_path / "pids", tmp_path / "warden"]
        wait_until(
            lambda: all(note.exists() for note in notes) and len(notes[0].read_text().split()) == 5, 30
        )
        pids = [int(word) for note in notes for word in note.read_text().split()]
        assert all(map(is_running, pids))
    finally:
        emulator.send_signal(number)
        emulator.wait(10)
    wait_until(lambda: not any(map(is_running, pids)), 20)
    assert list((tmp_path / "lambda").iterdir()) == []


def _instances() -> list[int]:
    """The processes that this one started for functions."""
    own = os.getpid()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == own and b"awslambdaric" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, ValueError, IndexError):
            continue
    return found


def _held() -> tuple[int, int, int]:
    """What must not grow: file descriptors, threads, children."""
    children = Path(f"/proc/{os.getpid()}/task/{threading.main_thread().native_id}/children")
    count = len(children.read_text().split()) if children.exists() else 0
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), count
