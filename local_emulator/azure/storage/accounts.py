"""Clients of every storage account that the app's connections name, each made once."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_emulator.azure.storage.blobs import Blobs
    from local_emulator.azure.storage.queues import Queues


class Accounts:
    """Queues and blobs by connection string."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, Queues] = {}
        self._blobs: dict[str, Blobs] = {}
        # A line or two at INFO for every request that is polled with.
        logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)

    def queues(self, connection_string: str) -> Queues:
        """Give the queues of an account."""
        from local_emulator.azure.storage.queues import Queues  # the SDK takes 0.3 s to import

        with self._lock:
            if connection_string not in self._queues:
                self._queues[connection_string] = Queues(connection_string)
            return self._queues[connection_string]

    def blobs(self, connection_string: str) -> Blobs:
        """Give the blobs of an account."""
        from local_emulator.azure.storage.blobs import Blobs  # see queues()

        with self._lock:
            if connection_string not in self._blobs:
                self._blobs[connection_string] = Blobs(connection_string)
            return self._blobs[connection_string]

    def close(self) -> None:
        """Close every connection."""
        for queues in self._queues.values():
            queues.close()
        for blobs in self._blobs.values():
            blobs.close()
