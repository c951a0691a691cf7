"""The environment, read once."""

from __future__ import annotations

import pytest

from onehandler.errors import SettingsError
from onehandler.settings import Settings, trace_id

MB = 1024 * 1024


def test_defaults_are_those_of_the_table() -> None:
    settings = Settings({})
    assert (settings.bundle, settings.digest, settings.max_body) == ("bundle", "", 10 * MB)
    assert (settings.service, settings.namespace, settings.log_level) == ("onehandler", "OneHandler", "INFO")
    assert (settings.base_path, settings.function) == ("", "")


def test_a_lambda_function_finds_its_bundle_beside_the_code() -> None:
    assert Settings({"LAMBDA_TASK_ROOT": "/var/task"}).bundle == "/var/task/bundle"
    assert Settings({"LAMBDA_TASK_ROOT": "/var/task", "ONEHANDLER_BUNDLE": "/opt/b"}).bundle == "/opt/b"


@pytest.mark.parametrize(("memory", "threads"), [(128, 1), (1769, 1), (1770, 2), (3538, 2), (10240, 6)])
def test_threads_follow_the_memory_setting(memory: int, threads: int) -> None:
    assert Settings({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory)}).threads == threads


def test_threads_may_be_said() -> None:
    environment = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "ONEHANDLER_THREADS": "3"}
    assert Settings(environment).threads == 3


@pytest.mark.parametrize("path", ["scoring", "/scoring", "/scoring/", "scoring/"])
def test_a_base_path_may_be_written_any_way(path: str) -> None:
    assert Settings({"ONEHANDLER_BASE_PATH": path}).base_path == "scoring"


@pytest.mark.parametrize("name", ["ONEHANDLER_THREADS", "ONEHANDLER_MAX_BODY_MB"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1e3", " 1"])
def test_nonsense_is_refused_with_the_variables_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match="whole number of at least 1") as caught:
        Settings({name: value})
    assert caught.value.where == name


def test_an_unknown_log_level_is_refused() -> None:
    assert Settings({"ONEHANDLER_LOG_LEVEL": "debug"}).log_level == "DEBUG"
    with pytest.raises(SettingsError, match="DEBUG, INFO, WARNING, ERROR"):
        Settings({"ONEHANDLER_LOG_LEVEL": "LOUD"})


def test_the_trace_is_the_root_of_the_header() -> None:
    assert (
        trace_id({"_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3f;Parent=1;Sampled=1"}) == "1-5759e988-bd862e3f"
    )
    assert trace_id({}) == ""
