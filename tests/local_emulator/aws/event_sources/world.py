"""Pollers over real queues and a scripted function, on the machine's clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_emulator.aws.clock import SystemClock
from local_emulator.aws.event_sources.mapping import MappingSettings
from local_emulator.aws.event_sources.mappings import EventSourceMappings
from local_emulator.aws.event_sources.ports import Ports
from local_emulator.aws.queues.messages import Draft
from local_emulator.aws.queues.queue import StandardQueue
from local_emulator.aws.queues.settings import QueueSettings
from tests.local_emulator.aws.front.fakes import Directory
from tests.local_emulator.aws.messaging.fakes import ScriptedRunner

if TYPE_CHECKING:
    from collections.abc import Iterable

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


@dataclass
class World:
    runner: ScriptedRunner = field(default_factory=ScriptedRunner)
    functions: Directory = field(default_factory=Directory)
    queues: dict[str, StandardQueue] = field(default_factory=dict)
    visibility_timeout_s: int = 30

    def __post_init__(self) -> None:
        self.functions.add("f")
        clock = SystemClock()
        self.queue = StandardQueue(
            QUEUE, lambda: QueueSettings(self.visibility_timeout_s), clock, self.queues.get
        )
        self.queues[QUEUE] = self.queue
        self.mappings = EventSourceMappings(Ports(self.queues.get, self.functions, self.runner, clock))

    def put(self, **settings: Any) -> MappingSettings:
        made = MappingSettings("uuid", QUEUE, FUNCTION, **settings)
        self.mappings.put(made)
        return made

    def send(self, bodies: Iterable[object]) -> list[str]:
        return [self.queue.send(Draft(str(body))).message_id for body in bodies]

    def counts(self) -> tuple[int, int]:
        found = self.queue.counts()
        return found.visible, found.in_flight

    def seen(self) -> list[str]:
        return [body for call in list(self.runner.calls) for body in call.bodies]


def failures(*ids: object) -> bytes:
    return json.dumps({"batchItemFailures": [{"itemIdentifier": each} for each in ids]}).encode()
