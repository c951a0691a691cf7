"""Asynchronous invocations on a clock that the test holds, with a scripted function."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_emulator.aws.asynchronous.invocations import AsyncInvocations
from local_emulator.aws.asynchronous.ports import AsyncPorts, InvokeConfig, RetrySettings, UndeliverableError
from local_emulator.aws.clock import ManualClock
from tests.local_emulator.aws.front.fakes import Directory, outcome, snapshot
from tests.local_emulator.aws.messaging.fakes import ScriptedRunner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.queues.messages import MessageAttribute

QUEUE = "arn:aws:sqs:us-east-1:123456789012:told"
LETTERS = "arn:aws:sqs:us-east-1:123456789012:letters"


@dataclass
class Sent:
    arn: str
    body: str
    attributes: Mapping[str, MessageAttribute]

    @property
    def record(self) -> Any:
        return json.loads(self.body)


@dataclass
class RecordingDestinations:
    sent: list[Sent] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def send(self, arn: str, body: str, attributes: Mapping[str, MessageAttribute]) -> None:
        if arn in self.missing:
            raise UndeliverableError(f"there is no queue {arn}")
        self.sent.append(Sent(arn, body, attributes))


@dataclass
class World:
    clock: ManualClock = field(default_factory=ManualClock)
    runner: ScriptedRunner = field(default_factory=ScriptedRunner)
    functions: Directory = field(default_factory=Directory)
    destinations: RecordingDestinations = field(default_factory=RecordingDestinations)
    config: InvokeConfig = field(default_factory=InvokeConfig)

    def __post_init__(self) -> None:
        self.functions.add("f")
        ports = AsyncPorts(
            self.functions, self.runner, lambda function: self.config, self.destinations, self.clock
        )
        self.invocations = AsyncInvocations(ports, RetrySettings((60.0, 120.0), 1.0, 300.0, 4))
        self.invocations.start()

    def enqueue(self, event: Any = None, name: str = "f") -> None:
        payload = json.dumps({"n": 1} if event is None else event).encode()
        self.invocations.enqueue(snapshot(name), payload, "request-1")


def fails(call: object) -> Any:
    return outcome({"errorMessage": "it broke", "errorType": "ValueError"}, error="Unhandled")
