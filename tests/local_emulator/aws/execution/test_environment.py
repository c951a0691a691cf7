from __future__ import annotations

from pathlib import Path

import pytest

from local_emulator.aws.execution.code_store import Unpacked
from local_emulator.aws.execution.environment import Installation, base_environment
from local_emulator.aws.execution.errors import UnsupportedVariable
from onehandler.pythons import this_version
from tests.local_emulator.aws.execution.functions import ECHO, answer, function, invocation

ENVIRONMENT = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"


def installed(**settings: object) -> Installation:
    return Installation(
        function(**settings), Unpacked(Path("/r/task"), Path("/r/opt")), Path("/p"), Path("/rt"), "http://e"
    )


def test_a_function_sees_what_lambda_defines_and_nothing_of_the_developers(executor, monkeypatch) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "secret")
    own = (("COLOUR", "blue"), ("TZ", "Europe/Paris"))
    found = answer(executor.invoke(function(ENVIRONMENT, environment=own, memory_mb=512), invocation()))
    wanted = {
        "_HANDLER": "app.handler",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{this_version()}",
        "AWS_LAMBDA_FUNCTION_NAME": "tested",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/tested",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "LANG": "en_US.UTF-8",
        "TZ": "Europe/Paris",
        "COLOUR": "blue",
    }
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert found["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert Path(found["LAMBDA_RUNTIME_DIR"]).name == "site-packages"
    assert found["PYTHONPATH"] == found["LAMBDA_TASK_ROOT"]
    assert "DEVELOPERS_OWN" not in found


@pytest.mark.parametrize("name", ["AWS_REGION", "_HANDLER", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT"])
def test_reserved_names_are_refused(executor, name: str) -> None:
    with pytest.raises(UnsupportedVariable, match=f"Reserved keys used in this request: {name}"):
        executor.invoke(function(ECHO, environment=((name, "x"),)), invocation())


def test_wrapper_scripts_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedVariable, match=r"tested: .* AWS_LAMBDA_EXEC_WRAPPER is not supported"):
        base_environment(installed(environment=(("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap"),)))


def test_search_paths() -> None:
    found = base_environment(installed())
    assert (
        found["PYTHONPATH"] == f"/r/task:/r/opt/python/lib/python{this_version()}/site-packages:/r/opt/python"
    )
    assert found["LD_LIBRARY_PATH"] == "/r/opt/lib:/r/task:/r/task/lib"
    assert found["PATH"] == "/r/opt/bin:/usr/local/bin:/usr/bin:/bin"


def test_search_paths_written_for_aws_are_found_here() -> None:
    own = (
        ("PYTHONPATH", "/var/task/vendor:/opt/more"),
        ("LD_LIBRARY_PATH", "/opt/lib64:/optional:/var/task"),
    )
    found = base_environment(installed(environment=own))
    assert found["PYTHONPATH"].endswith(":/r/opt/python:/r/task/vendor:/r/opt/more")
    assert found["LD_LIBRARY_PATH"] == "/r/opt/lib64:/optional:/r/task"


def test_the_functions_own_endpoint_is_left_alone() -> None:
    own = (("AWS_ENDPOINT_URL", "http://mine"),)
    assert base_environment(installed(environment=own))["AWS_ENDPOINT_URL"] == "http://mine"
