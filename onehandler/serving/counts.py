"""How many connections each worker has, in memory that all of them and their parent share."""

from __future__ import annotations

import mmap

from onehandler.serving.shared_memory import shared_memory

_BYTES = 4
_GONE = 2**31 - 1  # nobody waits for a worker that has so many


class Counts:
    """Over the file of a descriptor. Each worker writes its own place only, its parent that of a dead one."""

    def __init__(self, descriptor: int, workers: int) -> None:
        self._places = memoryview(mmap.mmap(descriptor, workers * _BYTES)).cast("i")

    @staticmethod
    def make(workers: int) -> int:
        """A descriptor of a new file for as many workers, all of them without a connection."""
        return shared_memory(workers * _BYTES)

    def publish(self, worker: int, connections: int) -> None:
        """Tell the others."""
        self._places[worker] = connections

    def connections(self) -> int:
        """Those of all workers."""
        return sum(count for count in self._places if count != _GONE)

    def gone(self, worker: int) -> None:
        """There is no such worker for the time being."""
        self.publish(worker, _GONE)

    def somebody_has_fewer(self, worker: int) -> bool:
        """Whether it is another worker's turn."""
        return min(self._places) < self._places[worker]
