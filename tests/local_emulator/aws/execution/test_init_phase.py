from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.limits import Limits
from tests.local_emulator.aws.execution.functions import ECHO, answer, error, function, invocation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local_emulator.aws.execution.contracts import FunctionSnapshot
    from local_emulator.aws.execution.executor import Executor

FAILING = {
    "missing module": (
        function("import not_there\n" + ECHO),
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'not_there'",
    ),
    "missing handler": (
        function("x = 1"),
        "Runtime.HandlerNotFound",
        "Handler 'handler' missing on module 'app'",
    ),
    "malformed handler": (
        function(handler="app"),
        "Runtime.MalformedHandlerName",
        "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
    ),
    "syntax error": (
        function("def handler(:\n"),
        "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'app': invalid syntax (app.py, line 1)",
    ),
    "exception": (function("raise ValueError('no model here')"), "ValueError", "no model here"),
}


@pytest.mark.parametrize("case", FAILING)
def test_error_that_the_runtime_client_reports(executor: Executor, case: str) -> None:
    failing, kind, message = FAILING[case]
    outcome = executor.invoke(failing, invocation())
    found = error(outcome)
    assert (found["errorType"], found["errorMessage"]) == (kind, message)

    log = outcome.log.decode()
    pattern = (
        rf"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: (\w+)\tStatus: error\tError Type: {re.escape(kind)}\n"
    )
    assert re.findall(pattern, log) == ["init", "invoke"]
    assert (
        log.index("Phase: init\t")
        < log.index("START RequestId")
        < log.index("Phase: invoke\t")
        < log.index("END RequestId")
    )
    assert f"[ERROR] {kind}: {message}" in log
    assert log.endswith(f"Status: error\tError Type: {kind}\n")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("sys.exit()", "Runtime exited without providing a reason"),
        ("os._exit(1)", "Runtime exited with error: exit status 1"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
def test_exit_while_importing(executor: Executor, statement: str, reason: str) -> None:
    asked = invocation()
    outcome = executor.invoke(function(f"import os, sys\nprint('before')\n{statement}\n"), asked)
    assert error(outcome) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {asked.request_id} Error: {reason}",
    }
    assert outcome.log.decode().count("before\n") == 2


def test_init_over_its_limit_is_done_again_within_the_functions_timeout(
    make_executor: Callable[..., Executor],
) -> None:
    executor = make_executor(init_s=0.4)
    slow = function("import time\ntime.sleep(0.8)\n" + ECHO, timeout_s=5.0)
    outcome = executor.invoke(slow, invocation("done"))
    assert answer(outcome) == "done"
    line = re.search(rb"INIT_REPORT Init Duration: ([\d.]+) ms\tPhase: init\tStatus: timeout\n", outcome.log)
    assert line is not None
    assert 400 <= float(line[1]) < 780
    assert executor.invoke(slow, invocation()).init_ms is None


def test_init_over_the_functions_timeout_as_well(make_executor: Callable[..., Executor]) -> None:
    executor = make_executor(init_s=0.3)
    asked = invocation()
    outcome = executor.invoke(function("import time\ntime.sleep(60)\n" + ECHO, timeout_s=0.5), asked)
    assert error(outcome) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {asked.request_id} Error: Task timed out after 0.50 seconds",
    }
    assert 450 < outcome.duration_ms < 2000


def test_lambdas_own_limit_is_ten_seconds() -> None:
    assert Limits().init_s == 10


def test_a_failed_init_does_not_poison_the_pool(
    make_executor: Callable[..., Executor], tmp_path: Path
) -> None:
    """The code fails until a file appears; with room for one instance, every failure must give its room back."""
    executor = make_executor(instances=1)
    source = """
        import os
        if not os.path.exists(os.environ["MARK"]):
            raise RuntimeError("not yet")
        def handler(event, context):
            return "well"
    """
    mark = tmp_path / "mark"
    failing: FunctionSnapshot = function(source, environment=(("MARK", str(mark)),))
    for _ in range(3):
        assert error(executor.invoke(failing, invocation()))["errorMessage"] == "not yet"
    mark.touch()
    assert answer(executor.invoke(failing, invocation())) == "well"
    mark.unlink()
    assert answer(executor.invoke(failing, invocation())) == "well"
