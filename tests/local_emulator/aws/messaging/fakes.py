"""A function runner with scripted outcomes, and what to say to it."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.local_emulator.aws.front.fakes import outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome


@dataclass
class Call:
    function: FunctionSnapshot
    invocation: Invocation
    limit: int | None

    @property
    def event(self) -> Any:
        return json.loads(self.invocation.payload)

    @property
    def bodies(self) -> list[str]:
        return [record["body"] for record in self.event["Records"]]


@dataclass
class ScriptedRunner:
    """Answers with what `script` gives for an event; an exception is raised, an Outcome returned as it is."""

    script: Callable[[Call], Any] = lambda call: None
    calls: list[Call] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        call = Call(function, invocation, concurrency_limit)
        with self.lock:
            self.calls.append(call)
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
        try:
            answer = self.script(call)
        finally:
            with self.lock:
                self.running -= 1
        return answer if hasattr(answer, "function_error") else outcome(answer)

    def forget(self) -> None:
        self.script = lambda call: None
        self.calls.clear()
        self.most_at_once = 0


def eventually(true: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def never(true: Callable[[], object], seconds: float = 0.3) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert not true(), "it came true"
        time.sleep(0.005)
