from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.contracts import Throttled
from local_emulator.aws.execution.errors import ExecutorClosed, UnsupportedRuntime
from onehandler.pythons import this_version
from tests.local_emulator.aws.execution.functions import (
    ECHO,
    PID,
    answer,
    archive,
    error,
    function,
    invocation,
    is_running,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.executor import Executor
    from local_emulator.aws.execution.interpreters import Interpreters

SLOW_PID = """
    import os, time
    def handler(event, context):
        time.sleep(event)
        return os.getpid()
"""

# Every invocation waits for three others: only instances of their own let them end.
TOGETHER = """
    import os, pathlib, time
    def handler(event, context):
        with open(event, "a") as file:
            file.write(".")
        while len(pathlib.Path(event).read_text()) < 4:
            time.sleep(0.01)
        return os.getpid()
"""


def test_first_invocation_is_cold_and_the_next_is_warm(executor: Executor) -> None:
    event = {"text": "grüße \N{SNOWMAN}", "number": 1.5}
    cold = executor.invoke(function(), invocation(event))
    warm = executor.invoke(function(), invocation(event))

    assert answer(cold) == answer(warm) == event
    assert cold.init_ms is not None
    assert 5 < cold.init_ms < 5000
    assert warm.init_ms is None
    assert 0 < warm.duration_ms < 1000
    assert cold.executed_version == "$LATEST"
    assert 5 < warm.max_memory_mb < 256


def test_report_has_lambdas_text_format(executor: Executor) -> None:
    asked = invocation({})
    log = executor.invoke(function(), asked).log.decode()
    rid = re.escape(asked.request_id)
    assert re.fullmatch(
        rf"START RequestId: {rid} Version: \$LATEST\n"
        rf"END RequestId: {rid}\n"
        rf"REPORT RequestId: {rid}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: \d+\.\d\d ms\n",
        log,
    )


def test_several_instances_at_once(executor: Executor, tmp_path: Path) -> None:
    together = function(TOGETHER)
    meeting = invocation(str(tmp_path / "meeting"))
    with ThreadPoolExecutor(4) as threads:
        pids = list(threads.map(lambda _: answer(executor.invoke(together, meeting)), range(4)))
    assert len(set(pids)) == 4


def test_the_newest_instance_is_used_again(executor: Executor) -> None:
    slow = function(SLOW_PID)

    # Of two at once the shorter ends first: the longer one is then the newest.
    with ThreadPoolExecutor(2) as threads:
        short = threads.submit(executor.invoke, slow, invocation(0.4))
        long = threads.submit(executor.invoke, slow, invocation(1.2))
        newest, older = answer(long.result()), answer(short.result())
    assert [answer(executor.invoke(slow, invocation(0))) for _ in range(3)] == [newest] * 3
    assert older != newest


def test_invocations_over_the_local_cap_wait_their_turn(make_executor: Callable[..., Executor]) -> None:
    executor = make_executor(instances=2)
    slow = function(SLOW_PID)
    with ThreadPoolExecutor(6) as threads:
        pids = list(threads.map(lambda _: answer(executor.invoke(slow, invocation(0.1))), range(6)))
    assert len(set(pids)) == 2


def test_reserved_concurrency_counts_all_versions(executor: Executor) -> None:
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(executor.invoke, function(SLOW_PID), invocation(0.7), 1)
        time.sleep(0.3)
        with pytest.raises(Throttled):
            executor.invoke(function(PID, version="1"), invocation(), 1)
        assert answer(executor.invoke(function(PID, name="another"), invocation(), 1))
        answer(running.result())
    assert answer(executor.invoke(function(PID, version="1"), invocation(), 1))
    with pytest.raises(Throttled):
        executor.invoke(function(), invocation(), 0)


def test_equal_snapshots_share_and_a_changed_one_starts_anew(executor: Executor) -> None:
    first = answer(executor.invoke(function(PID), invocation()))
    assert answer(executor.invoke(function(PID), invocation())) == first

    changed = function(PID, environment=(("COLOUR", "blue"),))
    outcome = executor.invoke(changed, invocation())
    assert answer(outcome) != first
    assert outcome.init_ms is not None
    assert not is_running(first)


def test_a_busy_instance_of_the_old_snapshot_finishes_first(executor: Executor) -> None:
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(executor.invoke, function(SLOW_PID), invocation(0.8))
        time.sleep(0.4)
        assert answer(executor.invoke(function(PID), invocation()))
        old = answer(running.result())
    assert not is_running(old)


def test_versions_are_kept_side_by_side_and_retired_by_arn(executor: Executor) -> None:
    versions = [function(PID, version=version) for version in ("1", "2", "3")]
    pids = [answer(executor.invoke(each, invocation())) for each in versions]
    executor.retire(versions[0].arn)
    assert [is_running(pid) for pid in pids] == [False, True, True]
    executor.retire(versions[0].arn.rpartition(":")[0])
    assert [is_running(pid) for pid in pids] == [False, False, False]


def test_retiring_a_function_leaves_those_whose_names_begin_alike(executor: Executor) -> None:
    pid = answer(executor.invoke(function(PID, name="predict-web"), invocation()))
    executor.retire("arn:aws:lambda:eu-west-1:123456789012:function:predict")
    assert is_running(pid)


def test_idle_instances_end_after_their_lifetime(make_executor: Callable[..., Executor]) -> None:
    now = [100.0]
    executor = make_executor(clock=lambda: now[0], idle_s=60)
    pid = answer(executor.invoke(function(PID), invocation()))
    now[0] += 59
    assert executor.reap() == 0
    assert answer(executor.invoke(function(PID), invocation())) == pid
    now[0] += 59
    assert executor.reap() == 0
    now[0] += 2
    assert executor.reap() == 1
    assert not is_running(pid)
    assert answer(executor.invoke(function(PID), invocation())) != pid


def test_context_carries_what_lambda_gives(executor: Executor) -> None:
    source = """
        import os
        def handler(event, context):
            custom = context.client_context.custom
            return [context.aws_request_id, context.function_name, context.function_version,
                    context.memory_limit_in_mb, context.invoked_function_arn, context.log_group_name,
                    context.log_stream_name, custom, os.environ["_X_AMZN_TRACE_ID"],
                    context.get_remaining_time_in_millis()]
    """
    asked = invocation(
        {},
        client_context=json.dumps({"custom": {"who": "grüße\n"}}, indent=1, ensure_ascii=False),
        invoked_arn="arn:aws:lambda:eu-west-1:123456789012:function:tested:live",
        trace_id="Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
    )
    found = answer(executor.invoke(function(source, timeout_s=7.0), asked))
    assert found[:4] == [asked.request_id, "tested", "$LATEST", "256"]
    assert found[4] == asked.invoked_arn
    assert found[5] == "/aws/lambda/tested"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", found[6])
    assert found[7:9] == [{"who": "grüße\n"}, asked.trace_id]
    assert 6000 < found[9] <= 7000


def test_payloads_of_megabytes_pass_unchanged(executor: Executor) -> None:
    event = "x" * 6_000_000
    for _ in range(2):
        assert answer(executor.invoke(function(), invocation(event))) == event


def test_each_instance_has_a_temporary_folder_of_its_own(executor: Executor) -> None:
    source = """
        import os, pathlib, tempfile, time
        def handler(event, context):
            folder = pathlib.Path(tempfile.gettempdir())
            (folder / "mine").touch()
            time.sleep(0.4)
            return [str(folder), sorted(os.listdir(folder)), os.path.expanduser("~")]
    """
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(
            lambda _: answer(executor.invoke(function(source), invocation())), range(2)
        )
    assert first[0] != second[0]
    assert first[1] == second[1] == ["mine"]
    assert first[2] == first[0]
    executor.retire(function(source).arn)
    assert not Path(first[0]).exists()
    assert not Path(second[0]).exists()


def test_layers_are_found_and_the_code_comes_first(executor: Executor) -> None:
    versioned = f"python/lib/python{this_version()}/site-packages"
    layers = (
        archive(
            {"python/shared.py": "NAME = 'first'", "python/low.py": "", "python/app.py": "raise SystemExit"}
        ),
        archive(
            {
                "python/shared.py": "NAME = 'second'",
                f"{versioned}/exact.py": "",
                "bin/tool": "",
                "lib/x.so": "",
            }
        ),
    )
    source = """
        import os, shutil, low, exact, shared
        def handler(event, context):
            opt = os.path.dirname(os.path.dirname(shared.__file__))
            return [shared.NAME, opt + "/bin" in os.environ["PATH"].split(":"),
                    opt + "/lib" in os.environ["LD_LIBRARY_PATH"].split(":")]
    """
    assert answer(executor.invoke(function(source, layers=layers), invocation())) == ["second", True, True]


def test_a_package_that_the_artifact_lacks_is_missing(executor: Executor) -> None:
    import numpy  # noqa: F401 - the developer has it

    outcome = executor.invoke(function("import boto3, numpy\n" + ECHO), invocation())
    assert error(outcome)["errorMessage"] == "Unable to import module 'app': No module named 'numpy'"


def test_other_runtimes_are_refused_by_name(executor: Executor) -> None:
    for runtime in ("nodejs20.x", "provided.al2023", "python3.8", "python3.99"):
        with pytest.raises(UnsupportedRuntime, match=re.escape(f"Lambda runtime {runtime} is not supported")):
            executor.invoke(function(runtime=runtime), invocation())


def test_an_executor_that_was_closed_refuses(make_executor: Callable[..., Executor]) -> None:
    executor = make_executor()
    executor.close()
    with pytest.raises(ExecutorClosed):
        executor.invoke(function(), invocation())


def test_a_prepared_function_has_its_code_unpacked(executor: Executor, tmp_path: Path) -> None:
    executor.prepare(function(PID))
    assert [path.read_text() for path in tmp_path.rglob("app.py")] == [PID]
    assert executor.invoke(function(PID), invocation()).init_ms is not None


@pytest.mark.parametrize("runtime", ["python3.11", "python3.12"])
def test_other_versions_of_python(executor: Executor, interpreters: Interpreters, runtime: str) -> None:
    if runtime not in interpreters.available():
        pytest.skip(f"no interpreter for {runtime} on this machine")
    source = "import sys\ndef handler(event, context):\n    return 'python%d.%d' % sys.version_info[:2]\n"
    assert answer(executor.invoke(function(source, runtime=runtime), invocation())) == runtime
