"""Queues on a clock that the test holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from local_emulator.aws.clock import ManualClock
from local_emulator.aws.queues.messages import Draft
from local_emulator.aws.queues.queue import StandardQueue
from local_emulator.aws.queues.requests import Receive
from local_emulator.aws.queues.settings import QueueSettings, Redrive

PREFIX = "arn:aws:sqs:us-east-1:123456789012:"


@dataclass
class World:
    clock: ManualClock = field(default_factory=ManualClock)
    queues: dict[str, StandardQueue] = field(default_factory=dict)
    settings: dict[str, QueueSettings] = field(default_factory=dict)

    def queue(self, name: str = "q", *, most_in_flight: int = 120_000, **settings: int) -> StandardQueue:
        arn = PREFIX + name
        self.settings[arn] = QueueSettings(**settings)
        self.queues[arn] = StandardQueue(
            arn, lambda: self.settings[arn], self.clock, self.queues.get, most_in_flight
        )
        return self.queues[arn]

    def redrive(self, source: StandardQueue, target: StandardQueue, count: int) -> None:
        self.settings[source.arn] = replace(self.settings[source.arn], redrive=Redrive(target.arn, count))


def send(queue: StandardQueue, *bodies: str, delay_s: int | None = None) -> list[str]:
    return [queue.send(Draft(body), delay_s).message_id for body in bodies]


def bodies(queue: StandardQueue, most: int = 10, visibility_s: int | None = None) -> list[str]:
    return [r.content.draft.body for r in queue.receive(Receive(most, visibility_s=visibility_s))]


def counts(queue: StandardQueue) -> tuple[int, int, int]:
    found = queue.counts()
    return found.visible, found.in_flight, found.delayed
