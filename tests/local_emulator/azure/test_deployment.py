"""What is taken for an app, what is refused, and with which words."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
import requests

from local_emulator.azure.deployment.app_settings import AppSettings, read_local_settings
from local_emulator.azure.deployment.functions import read_function
from local_emulator.azure.deployment.host_json import read_host_settings
from local_emulator.azure.deployment.source import open_deployment
from local_emulator.azure.emulators import running
from local_emulator.azure.errors import DeploymentRefused, HostError, SettingsRefused
from local_emulator.azure.workers.contracts import IndexedFunction
from tests.local_emulator.azure.hosts import host_of, write_app

if TYPE_CHECKING:
    from pathlib import Path

STORAGE = "DefaultEndpointsProtocol=http;BlobEndpoint=http://127.0.0.1:1/x;"
IN_ZIP = """
import carried
@app.route(route="carried")
def ask(req: func.HttpRequest) -> str:
    return carried.TEXT
"""


def packed(tmp_path: Path) -> Path:
    """A deployment zip with a package of its own."""
    app = write_app(tmp_path / "app", IN_ZIP)
    packages = app / ".python_packages" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "carried.py").write_text("TEXT = 'from the zip'\n")
    target = tmp_path / "app.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(app.rglob("*")):
            archive.write(file, file.relative_to(app))
    return target


def test_a_zip_runs_with_the_packages_in_it(tmp_path: Path) -> None:
    with host_of(packed(tmp_path)) as host:
        assert requests.get(f"{host.url}/api/carried", timeout=30).text == "from the zip"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path / "none", "does not exist"),
        (lambda path: path, r"no host\.json"),
        (lambda path: _written(path / "x.zip", b"no zip"), "no deployment zip"),
        (lambda path: _zip(path / "y.zip", "../host.json"), "points out of the archive"),
    ],
    ids=["nothing", "no-host-json", "no-zip", "climbing"],
)
def test_what_is_no_app_is_refused(tmp_path: Path, make: object, said: str) -> None:
    with pytest.raises(DeploymentRefused, match=said):
        open_deployment(make(tmp_path), tmp_path / "scratch")  # type: ignore[operator]


def test_the_python_of_an_app(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", "")
    assert open_deployment(app, tmp_path).python == "3.13"
    (app / ".python-version").write_text("3.12.4\n")
    assert open_deployment(app, tmp_path).python == "3.12"
    with pytest.raises(DeploymentRefused, match=r"asks for Python 3\.12"), running(app):
        pass


def test_compiled_packages_of_another_python_are_refused(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", "")
    packages = app / ".python_packages" / "lib" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "fast.cpython-311-x86_64-linux-gnu.so").touch()
    (packages / "stable.abi3.so").touch()
    with pytest.raises(DeploymentRefused, match=r"built for Python 3\.11"):
        open_deployment(app, tmp_path)


def test_requirements_count_where_no_packages_are(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", "")
    (app / "requirements.txt").write_text("# nothing\n\n")
    assert open_deployment(app, tmp_path).requirements is None
    (app / "requirements.txt").write_text("azure-functions\n")
    assert open_deployment(app, tmp_path).requirements == app / "requirements.txt"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "not JSON"),
        ("[]", "no object"),
        ("{}", '"2.0"'),
        ({"functionTimeout": "5 minutes"}, "functionTimeout"),
        ({"functionTimeout": 5}, "functionTimeout"),
        ({"extensions": {"queues": {"batchSize": 33}}}, r"queues\.batchSize .* 1 to 32"),
        ({"extensions": {"queues": {"batchSize": True}}}, "batchSize"),
        ({"extensions": {"queues": {"messageEncoding": "rot13"}}}, "messageEncoding"),
        ({"extensions": {"http": 1}}, r"extensions\.http is no object"),
        ({"concurrency": {"dynamicConcurrencyEnabled": True}}, "dynamicConcurrencyEnabled"),
    ],
    ids=[
        "no-json",
        "array",
        "no-version",
        "timeout",
        "timeout-number",
        "batch-size",
        "bool",
        "encoding",
        "section",
        "dynamic",
    ],
)
def test_host_json_is_checked(tmp_path: Path, document: object, said: str) -> None:
    text = document if isinstance(document, str) else json.dumps({"version": "2.0", **document})  # type: ignore[dict-item]
    with pytest.raises(SettingsRefused, match=said):
        read_host_settings(_written(tmp_path / "host.json", text.encode()))


def test_host_json_is_read(tmp_path: Path) -> None:
    document = {
        "version": "2.0",
        "functionTimeout": "1.00:00:30",
        "logging": {"anything": 1},
        "extensions": {
            "http": {"routePrefix": "/v1/", "maxConcurrentRequests": 3},
            "queues": {"batchSize": 8, "visibilityTimeout": "00:00:30", "messageEncoding": "none"},
        },
    }
    read = read_host_settings(_written(tmp_path / "host.json", json.dumps(document).encode()))
    assert read.function_timeout_s == 86_430
    assert (read.http.route_prefix, read.http.max_concurrent, read.http.max_outstanding) == ("v1", 3, -1)
    assert (read.queues.batch_size, read.queues.new_batch_threshold) == (8, 4)
    assert (read.queues.visibility_timeout_s, read.queues.base64) == (30, False)


def test_app_settings_and_expressions() -> None:
    settings = AppSettings({"Name": "x", "Other": "UseDevelopmentStorage=true"}, STORAGE)
    assert settings.expand("%name%-%NAME%", "here") == "x-x"
    assert settings.connection("", "here") == STORAGE
    assert settings.connection("Other", "here") == STORAGE
    assert settings.connection("Storage", "here") == STORAGE, "AzureWebJobs may be left out"
    with pytest.raises(SettingsRefused, match="'%None%'"):
        settings.expand("%None%", "here")
    with pytest.raises(SettingsRefused, match="does not exist"):
        settings.connection("Nothing", "here")


def test_accounts_on_the_internet_and_identities_are_refused() -> None:
    real = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=k;EndpointSuffix=core.windows.net"
    settings = AppSettings({"Real": real, "Mine__accountName": "a"}, STORAGE)
    with pytest.raises(SettingsRefused, match="no part in a real account"):
        settings.connection("Real", "here")
    with pytest.raises(SettingsRefused, match="managed identity"):
        settings.connection("Mine", "here")


def test_local_settings_are_read(tmp_path: Path) -> None:
    assert read_local_settings(tmp_path) == {}
    file = tmp_path / "local.settings.json"
    file.write_text('{"Values": {"A": "1"}}')
    assert read_local_settings(tmp_path) == {"A": "1"}
    file.write_text('{"Values": {"A": 1}}')
    with pytest.raises(SettingsRefused, match="settings are strings"):
        read_local_settings(tmp_path)
    file.write_text('{"IsEncrypted": true, "Values": {}}')
    with pytest.raises(SettingsRefused, match="encrypted"):
        read_local_settings(tmp_path)


def indexed(*bindings: dict[str, str], retries: bool = False) -> IndexedFunction:
    return IndexedFunction("f", "id", bindings, retries)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (indexed({"name": "e", "type": "eventHubTrigger", "direction": "IN"}), "eventHubTrigger"),
        (indexed({"name": "a", "type": "blob", "direction": "OUT"}), "0 triggers"),
        (
            indexed(
                {"name": "r", "type": "httpTrigger", "direction": "IN"},
                {"name": "t", "type": "table", "direction": "OUT"},
            ),
            "of type table",
        ),
        (
            indexed(
                {"name": "r", "type": "httpTrigger", "direction": "IN"},
                {"name": "q", "type": "queue", "direction": "IN"},
            ),
            "direction in",
        ),
        (indexed({"name": "t", "type": "timerTrigger", "direction": "IN"}, retries=True), "retry policy"),
    ],
    ids=["trigger", "no-trigger", "output", "direction", "retries"],
)
def test_what_is_not_emulated_is_refused_by_name(function: IndexedFunction, said: str) -> None:
    with pytest.raises(DeploymentRefused, match=said):
        read_function(function)


def test_a_retry_policy_reaches_the_refusal(tmp_path: Path) -> None:
    code = """
@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:01")
def tick(timer: func.TimerRequest) -> None:
    pass
"""
    with pytest.raises(DeploymentRefused, match="retry policy"), running(write_app(tmp_path / "app", code)):
        pass


def test_a_connection_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    code = """
@app.queue_trigger(arg_name="message", queue_name="q", connection="Elsewhere")
def work(message: func.QueueMessage) -> None:
    pass
"""
    with (
        pytest.raises(HostError, match=r"function work, queueTrigger message.*Elsewhere"),
        running(write_app(tmp_path / "app", code)),
    ):
        pass


def _written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _zip(path: Path, name: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "{}")
    return path


def test_the_home_page_can_be_switched_off(tmp_path: Path) -> None:
    with host_of(packed(tmp_path), {"AzureWebJobsDisableHomepage": "true"}) as host:
        assert requests.get(host.url, timeout=30).status_code == 204
