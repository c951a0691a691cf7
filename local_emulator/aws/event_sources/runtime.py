"""One mapping at work: its pollers, and how many of them there are."""

from __future__ import annotations

import logging
from threading import Condition, Thread
from typing import TYPE_CHECKING

from local_emulator.aws.event_sources.batches import Collector
from local_emulator.aws.event_sources.delivery import FUNCTION_FAILED, Delivery, release
from local_emulator.aws.queues.errors import QueueGone

if TYPE_CHECKING:
    from local_emulator.aws.event_sources.mapping import MappingSettings
    from local_emulator.aws.event_sources.ports import Ports
    from local_emulator.aws.queues.queue import StandardQueue

_log = logging.getLogger(__name__)
MOST_POLLERS = 5  # what Lambda starts with; it would go on to 1,250, a laptop does not
_LONG_POLL_S = 20.0
_EXTRA_POLL_S = 1.0  # an extra poller that finds nothing for so long ends
_QUEUE_MISSING_PAUSE_S = 1.0
_FAULT_PAUSE_S = 1.0
_BACK_OFF_S = 5.0  # for so long after a throttle, a mapping makes do with fewer pollers
NO_QUEUE = "PROBLEM: The queue was not found"


class MappingRuntime:
    """Polls for one mapping from `start` to `stop`. `apply` takes effect at once, on idle pollers.

    A poller takes a slot before it receives and gives it back after the invocation, so that no more functions
    run at once than slots, whatever was changed meanwhile, and nothing is received that would have to wait.
    """

    def __init__(self, settings: MappingSettings, ports: Ports) -> None:
        self.last_result = "No records processed"
        self._ports = ports
        self._settings = settings
        self._condition = Condition()
        self._stopped = False
        self._busy = 0
        self._throttled_at = float("-inf")
        self._threads: list[Thread] = []

    @property
    def settings(self) -> MappingSettings:
        """What is set on the mapping now."""
        return self._settings

    def start(self) -> None:
        """Start polling."""
        with self._condition:
            self._spawn(extra=False)

    def apply(self, settings: MappingSettings) -> None:
        """Change the settings."""
        with self._condition:
            self._settings = settings
            self._condition.notify_all()
        self._wake_queue()

    def stop(self) -> None:
        """Make every poller end after the invocation it is in; what it waits for to fill goes back."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        self._wake_queue()

    def join(self) -> None:
        """Wait until every poller has ended."""
        while True:
            with self._condition:
                alive = [thread for thread in self._threads if thread.is_alive()]
            if not alive:
                return
            alive[0].join()

    def _spawn(self, *, extra: bool) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        name = f"sqs-poller-{self._settings.uuid[:8]}"
        thread = Thread(target=self._run, args=(extra,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, extra: bool) -> None:
        collector = Collector(self._ports.clock)
        while (settings := self._take_slot(extra=extra)) is not None:
            try:
                found = self._poll_once(settings, collector, extra=extra)
            except Exception:  # noqa: BLE001 - a poller that ended here would end its mapping without a word
                _log.exception("event source mapping %s failed in its poller", settings.uuid)
                found = True
                self._pause(_FAULT_PAUSE_S, settings)
            finally:
                self._give_slot_back()
            if extra and (not found or self._is_backing_off()):
                break
        self._release(collector)

    def _release(self, collector: Collector) -> None:
        queue = self._ports.queues(self._settings.queue_arn)
        if queue is not None:
            release(collector.drop(), queue)

    def _poll_once(self, settings: MappingSettings, collector: Collector, *, extra: bool) -> bool:
        """Collect and deliver one batch. Says whether there was one."""
        queue = self._ports.queues(settings.queue_arn)
        if queue is None:
            self.last_result = NO_QUEUE
            self._pause(_QUEUE_MISSING_PAUSE_S, settings)
            return False
        try:
            return self._collect_and_deliver(queue, settings, collector, extra=extra)
        except QueueGone:  # in the middle of it: the next round finds that out
            return False

    def _collect_and_deliver(
        self, queue: StandardQueue, settings: MappingSettings, collector: Collector, *, extra: bool
    ) -> bool:
        wait_s = _EXTRA_POLL_S if extra else _LONG_POLL_S
        batch = collector.collect(queue, settings, wait_s, lambda: self._is_outdated(settings))
        if self._is_outdated(settings):
            release((*batch.items, *collector.drop()), queue)
            return False
        if not batch.items:
            return False
        if queue.counts().visible:
            self._grow()
        self.last_result = FUNCTION_FAILED  # unless it comes back
        self.last_result = Delivery(self._ports, lambda seconds: self._back_off(seconds, settings)).deliver(
            batch, queue, settings
        )
        return True

    def _take_slot(self, *, extra: bool) -> MappingSettings | None:
        """Wait until this poller may go on. None: it is to end."""
        with self._condition:
            while not self._stopped:
                if self._settings.enabled and self._busy < self._slots():
                    self._busy += 1
                    return self._settings
                if extra:
                    return None
                self._ports.clock.wait(self._condition)
            return None

    def _give_slot_back(self) -> None:
        with self._condition:
            self._busy -= 1
            self._condition.notify_all()

    def _slots(self) -> int:
        return min(MOST_POLLERS, self._settings.maximum_concurrency or MOST_POLLERS)

    def _grow(self) -> None:
        """Start another poller if there is room: more messages are waiting than this one took."""
        if self._is_backing_off():
            return
        with self._condition:
            alive = sum(thread.is_alive() for thread in self._threads)
            if not self._stopped and alive < self._slots():
                self._spawn(extra=True)

    def _back_off(self, seconds: float, settings: MappingSettings) -> bool:
        """Wait after a throttle, and let extra pollers end: as Lambda does, the mapping asks for less at once."""
        self._throttled_at = self._ports.clock.now()
        return self._pause(seconds, settings)

    def _is_backing_off(self) -> bool:
        return self._ports.clock.now() - self._throttled_at < _BACK_OFF_S

    def _is_outdated(self, settings: MappingSettings) -> bool:
        return self._stopped or self._settings is not settings

    def _pause(self, seconds: float, settings: MappingSettings) -> bool:
        """Wait unless polling is to end or the settings change. Says whether they did not."""
        until = self._ports.clock.now() + seconds
        with self._condition:
            while not self._is_outdated(settings) and (left := until - self._ports.clock.now()) > 0:
                self._ports.clock.wait(self._condition, left)
            return not self._is_outdated(settings)

    def _wake_queue(self) -> None:
        queue = self._ports.queues(self._settings.queue_arn)
        if queue is not None:
            queue.wake()
