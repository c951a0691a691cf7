"""Takes messages off a queue by the rules of Azure's queue trigger.

A lease of ten minutes, renewed at half its time; batches, and the next one once few enough are running; polling
that slows down while nothing comes; deletion after success, immediate release after failure, and the poison queue
once a message has been delivered often enough.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.azure.deployment.host_json import QueueSettings
    from local_emulator.azure.storage.queues import Message, StorageQueue

_log = logging.getLogger(__name__)
LEASE_S = 600
_FIRST_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Listening:
    """What a listener works with. `bury` is None for a poison queue itself, which has no other behind it."""

    queue: StorageQueue
    settings: QueueSettings
    handle: Callable[[Message], bool]
    bury: Callable[[Message], None] | None
    longest_pause_s: float  # between two looks into an empty queue
    lease_s: int = LEASE_S


class QueueListener:
    """One queue's listener: a thread that polls, threads that handle, and one that keeps leases."""

    def __init__(self, listening: Listening) -> None:
        self._it = listening
        self._changed = threading.Condition()
        self._running: set[_Leased] = set()
        self._random = random.Random()  # noqa: S311 - spreads load; the module's own belongs to the program
        self._stopping = False
        self._nudged = False
        most = listening.settings.batch_size + listening.settings.new_batch_threshold
        self._pool = ThreadPoolExecutor(most, thread_name_prefix=f"azure-queue-{listening.queue.name}")
        self._poller = threading.Thread(target=self._poll, name="azure-queue-poll", daemon=True)
        self._renewer = threading.Thread(target=self._keep_leases, name="azure-queue-leases", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._poller.start()
        self._renewer.start()

    def nudge(self) -> None:
        """Look at once: this host has just written to the queue."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Take nothing more. What runs goes on; `close` waits for it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def drain(self, seconds: float) -> None:
        """Wait for what is running, but not longer than this."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)

    def close(self) -> None:
        """Stop, and wait for what is running."""
        self.stop()
        self._poller.join()  # it may just be handing out what it has received
        self._pool.shutdown()
        self._renewer.join()

    def _poll(self) -> None:
        pause = _FIRST_PAUSE_S
        while self._has_room():
            messages = self._receive()
            if messages:
                pause = _FIRST_PAUSE_S
                self._take(messages)
            else:
                self._wait(pause)
                pause = min(self._it.longest_pause_s, pause * 2 * self._random.uniform(0.8, 1.2))

    def _has_room(self) -> bool:
        """Wait until another batch may be taken; False when stopping."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or len(self._running) <= self._it.settings.new_batch_threshold
            )
            return not self._stopping

    def _receive(self) -> list[Message]:
        try:
            return self._it.queue.receive(self._it.settings.batch_size, self._it.lease_s)
        except AzureError as error:
            _log.warning("queue %s could not be read: %s", self._it.queue.name, error)
            return []

    def _wait(self, pause: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._nudged, pause)
            self._nudged = False

    def _take(self, messages: list[Message]) -> None:
        for message in messages:
            leased = _Leased(self._it.queue, message, self._it.lease_s)
            with self._changed:
                self._running.add(leased)
            self._pool.submit(self._process, leased)

    def _process(self, leased: _Leased) -> None:
        try:
            self._decide(leased)
        except AzureError as error:  # the lease runs out by itself, and the message comes again
            _log.warning("message %s of %s: %s", leased.message.id, self._it.queue.name, error)
        except Exception:  # noqa: BLE001 - the listener goes on; the log says what was wrong
            _log.exception("message %s of %s could not be processed", leased.message.id, self._it.queue.name)
        finally:
            with self._changed:
                self._running.remove(leased)
                self._changed.notify_all()

    def _decide(self, leased: _Leased) -> None:
        most, message = self._it.settings.max_dequeue_count, leased.message
        if self._it.bury and message.dequeue_count > most:
            self._bury(leased)
        elif self._it.handle(message):
            leased.finish(lambda: self._it.queue.delete(message))
        elif self._it.bury and message.dequeue_count >= most:
            self._bury(leased)
        elif self._it.bury:
            seconds = int(self._it.settings.visibility_timeout_s)
            leased.finish(lambda: self._it.queue.show_in(message, seconds))

    def _bury(self, leased: _Leased) -> None:
        assert self._it.bury is not None
        _log.warning(
            "message %s of %s has reached MaxDequeueCount of %d: moved to the poison queue",
            leased.message.id,
            self._it.queue.name,
            self._it.settings.max_dequeue_count,
        )
        self._it.bury(leased.message)
        leased.finish(lambda: self._it.queue.delete(leased.message))

    def _keep_leases(self) -> None:
        half = self._it.lease_s / 2
        while True:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping and not self._running, half / 4):
                    return
                running = list(self._running)
            for leased in running:
                leased.renew_if_older_than(half)


class _Leased:
    """A message that is being handled; renewing and finishing exclude each other."""

    def __init__(self, queue: StorageQueue, message: Message, lease_s: int) -> None:
        self.message = message
        self._queue = queue
        self._lease_s = lease_s
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._finished = False

    def renew_if_older_than(self, seconds: float) -> None:
        with self._lock:
            if self._finished or time.monotonic() - self._since < seconds:
                return
            try:
                self._queue.show_in(self.message, self._lease_s)
            except AzureError as error:
                _log.warning("the lease of message %s could not be renewed: %s", self.message.id, error)
                return
            self._since = time.monotonic()

    def finish(self, last: Callable[[], None]) -> None:
        """Do the last thing that is done with this lease."""
        with self._lock:
            self._finished = True
            last()
