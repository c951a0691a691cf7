"""Notices new and changed blobs by listing a container, for every trigger on it at once."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.azure.storage.blobs import Blob, Blobs

_log = logging.getLogger(__name__)


class ContainerWatcher:
    """One container. Whoever is told of a blob has taken it in charge when the call returns."""

    def __init__(self, blobs: Blobs, container: str, every_s: float) -> None:
        self._blobs = blobs
        self._container = container
        self._every_s = every_s
        self._told: list[Callable[[Blob], None]] = []
        self._seen: dict[str, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"azure-blobs-{container}", daemon=True)

    def tell(self, take: Callable[[Blob], None]) -> None:
        """Have this called with every blob of a name and ETag that was not there before."""
        self._told.append(take)

    def start(self) -> None:
        """Begin; what is there already counts as new."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; never waits."""
        self._stopping.set()

    def drain(self, seconds: float) -> None:
        """Nothing runs here: those who are told run by themselves."""

    def close(self) -> None:
        """Leave no thread."""
        self.stop()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self._look()
            except AzureError as error:  # what was not told is told the next time
                _log.warning("container %s could not be listed: %s", self._container, error)
            self._stopping.wait(self._every_s)

    def _look(self) -> None:
        for blob in self._blobs.list(self._container):
            if self._seen.get(blob.name) == blob.etag:
                continue
            for take in self._told:
                take(blob)
            self._seen[blob.name] = blob.etag
