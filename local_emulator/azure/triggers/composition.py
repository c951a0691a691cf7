"""Makes the trigger of each function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.azure.triggers.listener import Listening, QueueListener
from local_emulator.azure.triggers.queue import bury_in, handler, poison_queue_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.deployment.host_json import HostSettings
    from local_emulator.azure.settings import Pace
    from local_emulator.azure.storage.connections import Connections
    from local_emulator.azure.triggers.triggers import Trigger


class Nudges:
    """Who waits for messages in which queue, for outputs to tell."""

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[[], None]] = {}

    def add(self, queue: str, nudge: Callable[[], None]) -> None:
        """Have this called after this host has written to the queue."""
        self._waiting[queue] = nudge

    def tell(self, queue: str) -> None:
        """Say that the queue has something new."""
        nudge = self._waiting.get(queue)
        if nudge is not None:
            nudge()


class TriggerMaker:
    """Makes triggers for one app."""

    def __init__(
        self, host: HostSettings, pace: Pace, connections: Connections, execution: Execution, nudges: Nudges
    ) -> None:
        self._host = host
        self._pace = pace
        self._connections = connections
        self._execution = execution
        self._nudges = nudges

    def make(self, functions: Iterable[Function]) -> list[Trigger]:
        """Make the trigger of every function that has one of its own accord."""
        return [self._queue(function) for function in functions if function.trigger.kind == "queueTrigger"]

    def _queue(self, function: Function) -> QueueListener:
        trigger, settings = function.trigger, self._host.queues
        name = self._connections.expand(trigger.text("queueName"), function.where(trigger)).lower()
        queues = self._connections.queues(function, trigger)
        poison = poison_queue_of(name)
        bury = bury_in(queues.get(poison)) if poison else None
        listener = QueueListener(
            Listening(
                queues.get(name),
                settings,
                handler(function, self._execution, base64_messages=settings.base64, undecodable=bury),
                bury,
                min(settings.max_polling_interval_s, self._pace.queue_poll),
                self._pace.queue_lease,
            )
        )
        self._nudges.add(name, listener.nudge)
        return listener
