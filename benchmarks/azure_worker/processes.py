"""A worker from its start to its first answers, driven as the host does."""

from __future__ import annotations

import http.client
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from local_emulator.aws.execution.warden import Warden
from local_emulator.azure.workers.contracts import Call, Value, WorkerPlan
from local_emulator.azure.workers.environment import worker_environment
from local_emulator.azure.workers.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.azure.workers.contracts import Index, LogLine

_PAGE = 4096  # bytes


@dataclass(frozen=True, slots=True)
class App:
    """An unpacked app, and the body and path that it predicts one row of."""

    name: str
    folder: Path
    packages: Path | None
    settings: Mapping[str, str]
    path: str
    body: bytes


class Start(NamedTuple):
    """One start: milliseconds to the first answer, resident megabytes, later calls' milliseconds, the answer."""

    cold_ms: float
    resident_mb: float
    warm_ms: list[float]
    answer: bytes


def started(app: App, python: Path, home: Path, *, warm: int = 0) -> Start:
    """Start a worker, ask it once, ask it `warm` times more, end it. RuntimeError unless it answers 200."""
    environment = worker_environment(app.settings, app.folder, home, "127.0.0.1")
    lines: list[str] = []

    def log(line: LogLine) -> None:
        lines.append(line.text)

    plan = WorkerPlan(python, app.folder, app.packages, environment, log)
    warden = Warden(home)
    try:
        began = time.perf_counter()
        worker = Worker(plan, warden, lambda _: None)
        try:
            ask = _asker(worker, worker.start(), app, lines)
            answer = ask()
            cold = (time.perf_counter() - began) * 1000
            resident = _resident_mb(worker.pid)
            return Start(cold, resident, [_timed(ask) for _ in range(warm)], answer)
        finally:
            worker.close()
    finally:
        warden.close()


def _asker(worker: Worker, index: Index, app: App, lines: list[str]) -> Callable[[], bytes]:
    """What asks the app's HTTP function once, by whichever way its worker takes requests."""
    [(function, binding)] = [
        (each, binding)
        for each in index.functions
        for binding in each.bindings
        if binding["type"] == "httpTrigger"
    ]
    told = {"method": "POST", "url": f"http://127.0.0.1{app.path}", "params": {}, "query": {}}
    headers = {"content-type": "application/json", "content-length": str(len(app.body))}
    content: Any = {**told, "headers": headers, "body": ["bytes", app.body]}
    streamed = None if index.http_url is None else _Streamed(index.http_url, app)

    def ask() -> bytes:
        identity = str(uuid.uuid4())
        inputs: Mapping[str, Value | None] = {binding["name"]: Value("http", content)}
        call = Call(function.function_id, inputs, {}, identity, 60.0)
        found = worker.invoke(call) if streamed is None else streamed.invoke(worker, call)
        if isinstance(found, bytes):
            return found
        if found.failure or found.returned is None:
            raise RuntimeError(f"{app.name} failed: {found.failure}; {lines[-5:]}")
        answered = found.returned.content
        body: bytes = answered["body"][1]
        if answered["status_code"] != "200":
            raise RuntimeError(f"{app.name} answered {answered['status_code']} {body!r:.300}; {lines[-5:]}")
        return body

    return ask


class _Streamed:
    """The invocation by the worker's channel, and at the same time the request to its own server."""

    def __init__(self, url: str, app: App) -> None:
        self._app = app
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._pool = ThreadPoolExecutor(1)

    def invoke(self, worker: Worker, call: Call) -> bytes:
        invoked = self._pool.submit(worker.invoke, call)
        headers = {"content-type": "application/json", "x-ms-invocation-id": call.invocation_id}
        self._connection.request("POST", self._app.path, self._app.body, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if failure := invoked.result(60).failure:
            raise RuntimeError(f"{self._app.name} failed: {failure}")
        if answer.status != http.client.OK:
            raise RuntimeError(f"{self._app.name} answered {answer.status} {body!r:.300}")
        return body


def _timed(ask: Callable[[], bytes]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def _resident_mb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
