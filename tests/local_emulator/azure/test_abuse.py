"""Functions that do what they shouldn't: an answer for each, and a host that goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.local_emulator.azure.hosts import Host, host_of, until, write_app

if TYPE_CHECKING:
    from collections.abc import Iterator

APP = """
import os, subprocess, sys, time

@app.route(route="fine")
def fine(req: func.HttpRequest) -> str:
    return "fine"

@app.route(route="nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None

@app.route(route="number")
def number(req: func.HttpRequest) -> func.HttpResponse:
    return 5

@app.route(route="newline")
def newline(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("x", headers={"X-Bad": "a\\nb"})

@app.route(route="control")
def control(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("x", headers={"X-Bad": "a\\x00b"})

@app.route(route="exit")
def leave(req: func.HttpRequest) -> str:
    os._exit(3)

@app.route(route="system-exit")
async def system_exit(req: func.HttpRequest) -> str:
    raise SystemExit(3)

@app.route(route="close")
def close_everything(req: func.HttpRequest) -> str:
    os.closerange(0, 256)
    return "closed"

@app.route(route="prints")
def prints(req: func.HttpRequest) -> str:
    print("y" * 300_000)
    sys.stderr.buffer.write(b"\\xff\\xfe\\n")
    return "printed"

@app.route(route="large")
def large(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(b"x" * 30_000_000)

@app.route(route="unnamed")
@app.blob_output(arg_name="out", path="{query.to}", connection="AzureWebJobsStorage")
def unnamed(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set("x")
    return "set"

@app.route(route="bytes")
@app.queue_output(arg_name="out", queue_name="texts", connection="AzureWebJobsStorage")
def not_text(req: func.HttpRequest, out: func.Out[bytes]) -> str:
    out.set(b"\\xff")
    return "set"

@app.route(route="child")
def child(req: func.HttpRequest) -> str:
    return str(subprocess.Popen(["sleep", "600"]).pid)
"""
NO_BASE64 = {"extensions": {"queues": {"messageEncoding": "none"}}}


@pytest.fixture(scope="module")
def abused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with host_of(write_app(tmp_path_factory.mktemp("abuse") / "app", APP, NO_BASE64)) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing", 500),
        ("number", 500),
        ("newline", 500),
        ("control", 500),
        ("exit", 500),
        ("system-exit", 500),
        ("close", 500),
        ("unnamed", 500),
        ("unnamed?to=", 500),
        ("unnamed?to=Not%20A%20Container/x", 500),
        ("bytes", 500),
        ("prints", 200),
        ("large", 200),
    ],
)
def test_an_answer_and_then_the_next_one(abused: Host, path: str, status: int) -> None:
    assert requests.get(f"{abused.url}/api/{path}", timeout=60).status_code == status
    assert requests.get(f"{abused.url}/api/fine", timeout=60).text == "fine"


def test_a_functions_children_end_with_its_worker(abused: Host) -> None:
    pid = requests.get(f"{abused.url}/api/child", timeout=60).text
    requests.get(f"{abused.url}/api/exit", timeout=60)
    until(lambda: None if _runs(pid) else True, "the child's end")


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
