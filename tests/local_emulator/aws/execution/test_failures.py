from __future__ import annotations

import os
import re
import select
import signal
import time
from typing import TYPE_CHECKING

import pytest

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
    from pathlib import Path

    from local_emulator.aws.execution.executor import Executor

# Ends as the event says, and is a well-behaved function for any other event.
ENDING = """
    import ctypes, os, signal, sys, threading
    def handler(event, context):
        if event == "exit 7":
            os._exit(7)
        if event == "exit 0":
            os._exit(0)
        if event == "sys.exit":
            sys.exit(2)
        if event == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if event == "segfault":
            ctypes.string_at(0)
        return os.getpid()
"""


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("exit 7", "Runtime exited with error: exit status 7"),
        ("exit 0", "Runtime exited without providing a reason"),
        ("sys.exit", "Runtime exited with error: exit status 2"),
        ("kill", "Runtime exited with error: signal: killed"),
        ("segfault", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_crash_of_a_warm_instance_and_its_replacement(executor: Executor, event: str, reason: str) -> None:
    ending = function(ENDING)
    first = answer(executor.invoke(ending, invocation()))
    asked = invocation(event)
    outcome = executor.invoke(ending, asked)
    words = f"RequestId: {asked.request_id} Error: {reason}"
    assert error(outcome) == {"errorType": "Runtime.ExitError", "errorMessage": words}
    assert f"{words}\nRuntime.ExitError\nEND RequestId: {asked.request_id}\n" in outcome.log.decode()
    assert outcome.log.endswith(b"\tStatus: error\tError Type: Runtime.ExitError\n")

    after = executor.invoke(ending, invocation())
    assert answer(after) != first
    assert after.init_ms is not None


def test_exception_in_the_handler(executor: Executor) -> None:
    source = """
        class OutOfStock(Exception):
            pass
        def look(number):
            raise OutOfStock(f"no item {number}")
        def handler(event, context):
            return look(7)
    """
    asked = invocation()
    outcome = executor.invoke(function(source), asked)
    found = error(outcome)
    assert found["errorType"] == "OutOfStock"
    assert found["errorMessage"] == "no item 7"
    assert found["requestId"] == asked.request_id
    assert [re.search(r"in (\w+)\n", frame)[1] for frame in found["stackTrace"]] == ["handler", "look"]
    assert "[ERROR] OutOfStock: no item 7\rTraceback" in outcome.log.decode()
    assert b"Status:" not in outcome.log
    assert executor.invoke(function(source), invocation()).init_ms is None  # the instance lives on


def test_timeout_ends_the_whole_process_group(executor: Executor, tmp_path: Path) -> None:
    source = """
        import os, subprocess, time
        def handler(event, context):
            if event:
                child = subprocess.Popen(["sleep", "600"])
                open(event, "w").write(f"{os.getpid()} {child.pid}")
                while True:
                    pass
            return os.getpid()
    """
    note = tmp_path / "pids"
    slow = function(source, timeout_s=1.0)
    asked = invocation(str(note))
    began = time.monotonic()
    outcome = executor.invoke(slow, asked)
    assert 1.0 <= time.monotonic() - began < 5.0
    words = "Task timed out after 1.00 seconds"
    assert error(outcome) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {asked.request_id} Error: {words}",
    }
    line = rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z {asked.request_id} {re.escape(words)}\n"
    assert re.search(line, outcome.log.decode())
    assert outcome.log.endswith(b"\tStatus: timeout\n")
    instance, child = map(int, note.read_text().split())
    assert not is_running(instance)
    wait_until(lambda: not is_running(child))
    assert answer(executor.invoke(slow, invocation())) != instance


def test_memory_limit_during_one_busy_invocation(executor: Executor) -> None:
    source = """
        import time
        def handler(event, context):
            kept, end = [], time.monotonic() + 5
            while time.monotonic() < end:  # never waits, writes all the time
                print("growing")
                kept.append(bytearray(1_000_000))
            return len(kept)
    """
    asked = invocation()
    outcome = executor.invoke(function(source, memory_mb=128), asked)
    assert error(outcome) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": f"RequestId: {asked.request_id} Error: Runtime exited with error: signal: killed",
    }
    assert outcome.max_memory_mb >= 128
    assert outcome.duration_ms < 5000


def test_a_short_peak_over_the_limit_is_seen_too(executor: Executor) -> None:
    source = """
        import time
        def handler(event, context):
            peak = b"x" * event
            del peak
            time.sleep(0.015)
    """
    greedy = function(source, memory_mb=128)
    assert answer(executor.invoke(greedy, invocation(50_000_000))) is None
    assert error(executor.invoke(greedy, invocation(200_000_000)))["errorType"] == "Runtime.OutOfMemory"
    assert answer(executor.invoke(greedy, invocation(50_000_000))) is None


def test_reserving_addresses_is_no_use_of_memory(executor: Executor) -> None:
    source = """
        import mmap
        def handler(event, context):
            reserve_nothing = 0x4000  # MAP_NORESERVE, which mmap names from Python 3.13 on
            return len(mmap.mmap(-1, 2 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | reserve_nothing))
    """
    assert answer(executor.invoke(function(source, memory_mb=128), invocation())) == 2 << 30


def test_response_over_the_limit(executor: Executor) -> None:
    large = function("def handler(event, context):\n    return 'x' * event\n")
    limit = 6_291_556
    assert len(answer(executor.invoke(large, invocation(limit - 2)))) == limit - 2
    outcome = executor.invoke(large, invocation(limit - 1))
    assert error(outcome) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": f"Response payload size ({limit + 1} bytes) exceeded maximum allowed payload size "
        f"({limit} bytes).",
    }
    assert (
        "LAMBDA_RUNTIME Failed to post handler success response. Http response code: 413."
        in outcome.log.decode()
    )
    assert len(answer(executor.invoke(large, invocation(10)))) == 10


@pytest.mark.parametrize("idle_s", [0, 0.002, 0.1])
def test_an_instance_that_died_while_idle_is_replaced_unnoticed(executor: Executor, idle_s: float) -> None:
    """Before and after it asked for its next invocation."""
    ending = function(ENDING)
    for _ in range(5):
        first = answer(executor.invoke(ending, invocation()))
        time.sleep(idle_s)
        _kill(first)
        outcome = executor.invoke(ending, invocation())
        assert answer(outcome) != first
        assert outcome.init_ms is not None


def test_an_instance_that_does_not_ask_again_is_replaced(make_executor: Callable[..., Executor]) -> None:
    """It stops right after its answer."""
    source = """
        import os, signal
        def handler(event, context):
            if event:
                from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
                LambdaRuntimeClient.wait_next_invocation = lambda self: os.kill(os.getpid(), signal.SIGSTOP)
            return os.getpid()
    """
    executor = make_executor(readiness_s=0.3)
    first = answer(executor.invoke(function(source), invocation("stop")))
    assert answer(executor.invoke(function(source), invocation())) != first
    assert not is_running(first)


def test_functions_that_talk_to_the_runtime_api_themselves_get_answers(executor: Executor) -> None:
    source = """
        import http.client, os
        def handler(event, context):
            connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
            connection.request("GET", "/2020-01-01/extension/register")
            return connection.getresponse().status
    """
    assert answer(executor.invoke(function(source), invocation())) == 404


def test_a_web_page_cannot_take_an_event(executor: Executor) -> None:
    source = """
        import http.client, os
        def handler(event, context):
            connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
            try:
                connection.request("GET", "/2018-06-01/runtime/invocation/next", headers={"Origin": "http://evil"})
                return connection.getresponse().status
            except (ConnectionError, http.client.HTTPException):
                return "refused"
    """
    assert answer(executor.invoke(function(source), invocation())) == "refused"
    assert answer(executor.invoke(function(source), invocation())) == "refused"


def _kill(pid: int) -> None:
    """Kill and wait until every thread is gone: a leader that is a zombie may leave others a moment behind."""
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    assert ended.poll(5000)
    os.close(descriptor)
