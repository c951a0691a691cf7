"""SnapStart's phases, one instance after the other."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.limits import Limits
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

    from local_emulator.aws.execution.contracts import FunctionSnapshot
    from local_emulator.aws.execution.executor import Executor
    from tests.local_emulator.aws.execution.functions import Lines

HOOKS = """
    import os, sys
    from snapshot_restore_py import register_before_snapshot, register_after_restore
    steps = ["init"]
    print("initialising")
    for name in ("first", "second"):
        register_before_snapshot(steps.append, f"before snapshot: {name}")
        register_after_restore(steps.append, f"after restore: {name}")
    def handler(event, context):
        if event == "environment":
            return dict(os.environ)
        return [os.getpid(), *steps, os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]
"""
STEPS = [
    "init",
    "before snapshot: second",  # last in, first out
    "before snapshot: first",
    "after restore: first",
    "after restore: second",
    "snap-start",
]


def published(source: str = HOOKS, extra: str = "", **settings: float) -> FunctionSnapshot:
    return function(source + extra, version="3", snap_start=True, **settings)


def test_the_first_instance_is_the_one_that_was_snapshotted(executor: Executor, lines: Lines) -> None:
    assert executor.take_snapshot(published()) is None
    executor.flush_logs()
    init_log = lines.text
    assert re.fullmatch(
        r"INIT_START Runtime Version: python:3\.\d+\.emulator\tRuntime Version ARN: "
        r"arn:aws:lambda:eu-west-1::runtime:emulator\n"
        r"initialising\nINIT_REPORT Init Duration: [\d.]+ ms\n",
        init_log,
    )
    outcome = executor.invoke(published(), invocation())
    assert answer(outcome)[1:] == STEPS
    assert outcome.init_ms is None
    pattern = (
        rb"RESTORE_START Runtime Version: [^\n]*\nRESTORE_REPORT Restore Duration: [\d.]+ ms\n"
        rb"START RequestId: [^\n]*\nEND RequestId: [^\n]*\nREPORT RequestId: [^\n]*"
        rb"\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\n"
    )
    assert re.fullmatch(pattern, outcome.log), outcome.log
    executor.flush_logs()
    assert len({stream for _, stream, _, _ in lines.writes}) == 2  # the snapshot's, the instance's


def test_a_warm_instance_is_not_restored_again(executor: Executor) -> None:
    first = executor.invoke(published(), invocation())
    second = executor.invoke(published(), invocation())
    assert answer(first) == answer(second)
    assert b"RESTORE" in first.log
    assert b"estore" not in second.log


def test_a_later_instance_is_initialised_anew_and_restored(executor: Executor) -> None:
    executor.take_snapshot(published())
    first = answer(executor.invoke(published(), invocation()))
    os.kill(first[0], signal.SIGKILL)
    wait_until(lambda: not is_running(first[0]))
    outcome = executor.invoke(published(), invocation())
    assert answer(outcome)[0] != first[0]
    assert answer(outcome)[1:] == STEPS
    assert outcome.log.startswith(b"RESTORE_START ")


def test_a_snapshot_that_died_is_replaced(executor: Executor, tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    telling = f"    open({str(mark)!r}, 'w').write(str(os.getpid()))\n"
    executor.take_snapshot(published(extra=telling))
    pid = int(mark.read_text())
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_running(pid))
    assert answer(executor.invoke(published(extra=telling), invocation()))[1:] == STEPS
    assert int(mark.read_text()) != pid


def test_what_snapstart_functions_do_not_know(executor: Executor) -> None:
    plain = answer(executor.invoke(function(HOOKS), invocation("environment")))
    snapped = answer(executor.invoke(published(), invocation("environment")))
    assert plain.keys() - snapped.keys() == {"AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"}


def test_no_hooks_without_snap_start(executor: Executor) -> None:
    assert answer(executor.invoke(function(HOOKS), invocation()))[1:] == ["init", "on-demand"]


def test_a_hook_that_fails_after_the_restore(executor: Executor) -> None:
    failing = published(extra="    register_after_restore(lambda: 1 / 0)\n")
    assert executor.take_snapshot(failing) is None
    outcome = executor.invoke(failing, invocation())
    assert outcome.refusal is not None
    assert (outcome.refusal.status, outcome.refusal.kind) == (400, "SnapStartException")
    assert error(outcome)["errorType"] == "ZeroDivisionError"
    assert b"[ERROR] ZeroDivisionError: division by zero" in outcome.log
    end = (
        rb"RESTORE_REPORT Restore Duration: [\d.]+ ms\tStatus: error\tError Type: Runtime.AfterRestoreError\n"
    )
    assert re.search(end + rb"\Z", outcome.log)
    assert b"START RequestId" not in outcome.log


def test_hooks_that_take_too_long_after_the_restore(make_executor: Callable[..., Executor]) -> None:
    executor = make_executor(restore_s=0.3)
    outcome = executor.invoke(
        published(extra="    import time; register_after_restore(time.sleep, 30)\n"), invocation()
    )
    assert outcome.refusal is not None
    assert (outcome.refusal.status, outcome.refusal.kind) == (408, "SnapStartTimeoutException")
    assert re.search(rb"RESTORE_REPORT Restore Duration: 3\d\d\.\d\d ms\tStatus: timeout\n\Z", outcome.log)


@pytest.mark.parametrize(
    ("extra", "kind", "message"),
    [
        ("    import not_there\n", "Runtime.ImportModuleError", "No module named 'not_there'"),
        (
            "    register_before_snapshot(lambda: {}['no'])\n",
            "Runtime.BeforeSnapshotError",
            "'no'",
        ),
        ("    os._exit(3)\n", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_a_snapshot_that_cannot_be_taken(executor: Executor, extra: str, kind: str, message: str) -> None:
    failure = executor.take_snapshot(published(extra=extra))
    assert failure is not None
    assert failure.error_type == kind
    assert message in failure.payload.decode()


def test_lambdas_own_limits() -> None:
    assert (Limits().restore_s, Limits().snap_start_init_s) == (10, 130)
