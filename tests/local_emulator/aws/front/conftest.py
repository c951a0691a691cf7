from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.front.application import Front
from local_emulator.aws.front.composition import function_lanes
from local_emulator.http.messages import HttpResponse
from local_emulator.http.server import HttpServer, listen
from tests.local_emulator.aws.front.fakes import (
    ACCOUNT,
    Apis,
    Directory,
    RecordingAsyncInvoker,
    ScriptedRunner,
    Urls,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.http.messages import HttpRequest


class NoControlPlane:
    """Says that a request got past every lane."""

    def answer(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(299, (), b"control plane")


@dataclass
class Running:
    """A front over fakes, on a port of its own."""

    runner: ScriptedRunner = field(default_factory=ScriptedRunner)
    directory: Directory = field(default_factory=Directory)
    queue: RecordingAsyncInvoker = field(default_factory=RecordingAsyncInvoker)
    apis: Apis = field(default_factory=Apis)
    urls: Urls = field(default_factory=Urls)
    port: int = 0


@pytest.fixture
def front() -> Iterator[Running]:
    running = Running()
    lanes = function_lanes(
        running.directory, running.runner, running.queue, running.apis, running.urls, lambda key: ACCOUNT
    )
    with HttpServer(listen(0), Front(lanes, NoControlPlane())) as server:
        running.port = server.port
        yield running


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    yield
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("front-")]
    assert left == []
