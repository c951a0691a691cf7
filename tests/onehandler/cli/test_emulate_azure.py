"""`onehandler emulate --azure` as a process, and what it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from tests.local_emulator.azure.hosts import APP, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Run = Callable[..., Result]

COMMAND = [sys.executable, "-m", "onehandler.cli.main", "emulate", "--port", "0", "--azure", str(APP)]


def test_it_tells_its_urls_answers_and_ends(tmp_path: Path) -> None:
    options = ["--data", str(tmp_path), "--setting", "GREETING=hello", "--json"]
    events = ["--events", "on_event=drops/in/", "--events", "queue:told=drops"]
    with subprocess.Popen([*COMMAND, *options, *events], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        answer = requests.get(told["functions"]["setting"].format(name="GREETING"), timeout=30)
        assert answer.text == "hello"
        assert "AccountName=devstoreaccount1" in told["connection_string"]
        status = f"{told['url']}/admin/host/status"
        assert requests.get(status, headers={"x-functions-key": told["master_key"]}, timeout=30).ok
        with BlobServiceClient.from_connection_string(told["connection_string"]) as blobs:
            blobs.create_container("drops").upload_blob("in/a.csv", b"x")
        with QueueClient.from_connection_string(told["connection_string"], "told") as queue:
            assert until(lambda: received(queue), "the event in the queue")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert list((tmp_path / "azure").iterdir()) == []


def test_it_tells_people_too(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "--data", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = []
        while not lines or not lines[-1].startswith("Ctrl-C"):
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0
    said = "".join(lines)
    assert "/api/echo/{kind}/{number:int?}    (any method, anonymous)" in said
    assert "queueTrigger" in said
    assert "AZURE_STORAGE_CONNECTION_STRING='DefaultEndpointsProtocol=http;" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--setting", "A=b"), "give it with --azure"),
        (("--azure", APP, "--setting", "A"), "is not --setting NAME=VALUE"),
        (("--azure", APP, "--events", "echo=drops"), "with an Event Grid trigger"),
        (("--azure", APP.parent), "no host.json"),
    ],
)
def test_what_it_refuses(tmp_path: Path, run: Run, arguments: tuple[object, ...], said: str) -> None:
    found = run("emulate", "--data", tmp_path, "--port", 0, *arguments)
    assert found.exit_code == 2
    assert said in " ".join(found.stderr.split())


def received(queue: QueueClient) -> object:
    try:
        return queue.receive_message()
    except ResourceNotFoundError:
        return None
