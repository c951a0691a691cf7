"""Makes the triggers of an app's functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from local_emulator.azure.errors import SettingsRefused
from local_emulator.azure.triggers import blob as blob_trigger
from local_emulator.azure.triggers.blob import BlobFunction, BlobPath, BlobTriggers
from local_emulator.azure.triggers.events import EventDelivery, blob_of, run_with_event
from local_emulator.azure.triggers.listener import Listening, QueueListener
from local_emulator.azure.triggers.queue import bury_in, handler, poison_queue_of
from local_emulator.azure.triggers.schedule import read_schedule
from local_emulator.azure.triggers.timer import TimerTrigger
from local_emulator.azure.triggers.watcher import ContainerWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from local_emulator.aws.clock import Clock
    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.deployment.host_json import HostSettings
    from local_emulator.azure.settings import Pace
    from local_emulator.azure.storage.blobs import Blob, Blobs
    from local_emulator.azure.storage.connections import Connections
    from local_emulator.azure.triggers.events import EventSubscription, TakeEvent
    from local_emulator.azure.triggers.nudges import Nudges
    from local_emulator.azure.triggers.triggers import Trigger


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What triggers work with."""

    host: HostSettings
    pace: Pace
    clock: Clock
    connections: Connections
    execution: Execution
    nudges: Nudges


class TriggerMaker:
    """Makes triggers for one app; `triggers` and `takers` (of the webhooks) fill up as functions are added."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.triggers: list[Trigger] = []
        self.takers: dict[str, dict[str, TakeEvent]] = {"eventgrid": {}, "blobs": {}}
        self._watchers: dict[tuple[int, str], ContainerWatcher] = {}
        self._blobs: BlobTriggers | None = None

    def add(self, functions: Sequence[Function], subscriptions: Iterable[EventSubscription]) -> None:
        """Make the trigger of every function, and deliver the events that were subscribed to."""
        make: dict[str, Callable[[Function], None]] = {
            "queueTrigger": self._queue,
            "blobTrigger": self._blob,
            "timerTrigger": self._timer,
            "eventGridTrigger": self._events,
        }
        for function in functions:
            if function.trigger.kind != "httpTrigger":  # the front's
                make[function.trigger.kind](function)
        self._subscribe(functions, subscriptions)

    def _queue(self, function: Function) -> None:
        around, settings = self._around, self._around.host.queues
        name = around.connections.expand(
            function.trigger.text("queueName"), function.where(function.trigger)
        ).lower()
        queues = around.connections.queues(function, function.trigger)
        poison = poison_queue_of(name)
        bury = bury_in(queues.get(poison)) if poison else None
        handle = handler(function, around.execution, base64_messages=settings.base64, undecodable=bury)
        pause = min(settings.max_polling_interval_s, around.pace.queue_poll)
        self._listen(Listening(queues.get(name), settings, handle, bury, pause, around.pace.queue_lease))

    def _listen(self, listening: Listening) -> None:
        listener = QueueListener(listening)
        self._around.nudges.add(listening.queue.name, listener.nudge)
        self.triggers.append(listener)

    def _timer(self, function: Function) -> None:
        around, where = self._around, function.where(function.trigger)
        schedule = read_schedule(around.connections.expand(function.trigger.text("schedule"), where), where)
        self.triggers.append(TimerTrigger(function, schedule, around.execution, around.clock))

    def _blob(self, function: Function) -> None:
        connections, trigger = self._around.connections, function.trigger
        path = BlobPath(connections.expand(trigger.text("path"), function.where(trigger)))
        blobs = connections.blobs(function, trigger)
        by_event = trigger.text("source").lower() == "eventgrid"
        taken = BlobFunction(function, path, blobs, by_event)
        notice = self._blob_triggers().add(taken)
        self._watcher(blobs, path.container).tell(notice)

        def take(event: Mapping[str, Any]) -> str | None:
            meant = blob_of(event)
            found = blobs.find(*meant) if meant else None
            if found is not None:
                notice(found)
            return None

        if by_event:
            self.takers["blobs"][taken.id.lower()] = take

    def _events(self, function: Function) -> None:
        taker = partial(run_with_event, function, execution=self._around.execution)
        self.takers["eventgrid"][function.name.lower()] = taker

    def _subscribe(self, functions: Sequence[Function], subscriptions: Iterable[EventSubscription]) -> None:
        takers = self.takers["eventgrid"]
        names = {name: found for found in functions if (name := found.name.lower()) in takers}
        delivery = EventDelivery(self._around.execution, self._around.pace.event_retries)
        for subscription in subscriptions:
            notice = self._subscriber(subscription, names, delivery)
            self._watcher(self._around.connections.host_blobs(), subscription.container).tell(notice)
        self.triggers.append(delivery)  # after the watchers, which hand over to it until they are closed

    def _subscriber(
        self, subscription: EventSubscription, functions: Mapping[str, Function], delivery: EventDelivery
    ) -> Callable[[Blob], None]:
        if subscription.queue:
            queue = self._around.connections.host_queues().get(subscription.queue)
            return delivery.to_queue(queue, subscription)
        function = functions.get(subscription.function.lower())
        if function is None:
            raise SettingsRefused(
                f"an event subscription names the function {subscription.function!r}; with an Event Grid trigger "
                f"there are {', '.join(functions) or 'none'}"
            )
        return delivery.to(function, subscription)

    def _watcher(self, blobs: Blobs, container: str) -> ContainerWatcher:
        key = (id(blobs), container)
        if key not in self._watchers:
            self._watchers[key] = ContainerWatcher(blobs, container, self._around.pace.blob_poll)
            self.triggers.append(self._watchers[key])
        return self._watchers[key]

    def _blob_triggers(self) -> BlobTriggers:
        """Give the queue behind all blob triggers, made for the first."""
        if self._blobs is None:
            around, queues = self._around, self._around.connections.host_queues()
            self._blobs = BlobTriggers(
                queues.get(blob_trigger.QUEUE),
                queues.get(blob_trigger.POISON),
                around.connections.host_blobs(),
                around.execution,
                around.nudges,
            )
            settings = around.host.blobs
            limits = replace(
                around.host.queues,
                batch_size=min(settings.max_degree_of_parallelism, 32),
                new_batch_threshold=settings.max_degree_of_parallelism // 2,
                max_dequeue_count=settings.poison_threshold,
                visibility_timeout_s=0.0,
            )
            queue, handle, bury = queues.get(blob_trigger.QUEUE), self._blobs.handle, self._blobs.bury
            self._listen(
                Listening(queue, limits, handle, bury, around.pace.queue_poll, around.pace.queue_lease)
            )
        return self._blobs
