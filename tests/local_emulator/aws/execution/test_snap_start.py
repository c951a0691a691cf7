from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.local_emulator.aws.execution.functions import answer, error, function, invocation

if TYPE_CHECKING:
    from local_emulator.aws.execution.executor import Executor

HOOKS = """
    import os
    from snapshot_restore_py import register_before_snapshot, register_after_restore
    steps = ["init"]
    register_before_snapshot(lambda: steps.append("before snapshot"))
    register_after_restore(lambda: steps.append("after restore"))
    def handler(event, context):
        return steps + [os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]
"""


def test_hooks_run_around_the_snapshot(executor: Executor) -> None:
    outcome = executor.invoke(function(HOOKS, version="3", snap_start=True), invocation())
    assert answer(outcome) == ["init", "before snapshot", "after restore", "snap-start"]
    assert re.search(rb"\tRestore Duration: [\d.]+ ms\tBilled Restore Duration: \d+ ms\n", outcome.log)


def test_no_hooks_without_snap_start(executor: Executor) -> None:
    assert answer(executor.invoke(function(HOOKS), invocation())) == ["init", "on-demand"]


def test_a_hook_that_fails(executor: Executor) -> None:
    source = HOOKS + "    register_after_restore(lambda: 1 / 0)\n"
    outcome = executor.invoke(function(source, version="3", snap_start=True), invocation())
    assert error(outcome)["errorType"] == "ZeroDivisionError"
    assert outcome.log.endswith(b"Error Type: Runtime.AfterRestoreError\n")
