"""host.json's limits on requests: how many may be in the host, and how many of them may run."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.azure.deployment.host_json import HttpSettings

MOST_THREADS = 512


class Load:
    """Counts requests. Whoever enters must leave, and runs in between."""

    def __init__(self, settings: HttpSettings) -> None:
        self._most = settings.max_outstanding
        self._inside = 0
        self._lock = threading.Lock()
        running = settings.max_concurrent
        self._slots = threading.Semaphore(running if running > 0 else MOST_THREADS)

    def enter(self) -> bool:
        """Let a request in, or say that the host is full."""
        with self._lock:
            if 0 < self._most <= self._inside:
                return False
            self._inside += 1
            return True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Wait for a place to run in, and leave the host afterwards."""
        try:
            with self._slots:
                yield
        finally:
            with self._lock:
                self._inside -= 1
