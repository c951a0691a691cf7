"""What workers count, in memory that all of them share: whichever is asked tells the sum.

Each worker has a place of its own that it alone writes, always on its event loop. A worker that takes the place of
one that died goes on with its numbers, so that counters never fall.
"""

from __future__ import annotations

import mmap
from bisect import bisect_left
from itertools import accumulate

from onehandler.serving.shared_memory import shared_memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Final

    from onehandler.message import Response

# Seconds; from a model of microseconds to SageMaker's limit of a minute.
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_FIRST_STATUS, _STATUSES = 100, 500  # HTTP's status codes are 100 to 599
_BUCKETS = _STATUSES  # where they begin in a place
_SECONDS = _BUCKETS + len(BOUNDS) + 1
_ROWS = _SECONDS + 1
_OVERLOADED = _ROWS + 1
_TIMED_OUT = _OVERLOADED + 1
_STARTS = _TIMED_OUT + 1
_ANSWERING = _STARTS + 1
_WAITING = _ANSWERING + 1
_NUMBERS = _WAITING + 1
_BYTES = 8  # of a number


class Metrics:
    """All workers' numbers, and a way to change those of one, `worker`."""

    def __init__(
        self, numbers: memoryview[float], worker: int = 0, connections: Callable[[], int] = lambda: 0
    ) -> None:
        self._numbers: Final = numbers
        self._connections: Final = connections
        self._place: Final = numbers[worker * _NUMBERS : (worker + 1) * _NUMBERS]

    @classmethod
    def at(cls, descriptor: int, workers: int, worker: int, connections: Callable[[], int]) -> Metrics:
        """Those in the file of a descriptor, from `make`; `connections` tells how many all workers have."""
        numbers = memoryview(mmap.mmap(descriptor, workers * _NUMBERS * _BYTES)).cast("d")
        return cls(numbers, worker, connections)

    @classmethod
    def alone(cls) -> Metrics:
        """Those of one process that has no siblings."""
        return cls(memoryview(bytearray(_NUMBERS * _BYTES)).cast("d"))

    @staticmethod
    def make(workers: int) -> int:
        """A descriptor of a new file for as many workers."""
        return shared_memory(workers * _NUMBERS * _BYTES)

    def started(self) -> None:
        """A worker begins, perhaps in the place of one that died while it was answering."""
        self._place[_STARTS] += 1
        self._place[_ANSWERING] = self._place[_WAITING] = 0

    def answered(self, response: Response, seconds: float) -> None:
        """A request has its response, so many seconds after it had come."""
        place = self._place
        place[response.status - _FIRST_STATUS] += 1
        place[_BUCKETS + bisect_left(BOUNDS, seconds)] += 1
        place[_SECONDS] += seconds
        place[_ROWS] += response.rows

    def overloaded(self) -> None:
        """A request was turned away."""
        self._place[_OVERLOADED] += 1

    def timed_out(self) -> None:
        """A request was given up."""
        self._place[_TIMED_OUT] += 1

    def handed(self, answering: int, waiting: int) -> None:
        """Threads are answering so many requests now, and so many wait for one."""
        self._place[_ANSWERING], self._place[_WAITING] = answering, waiting

    def read(self) -> Totals:
        """The sums over all workers."""
        places = [self._numbers[at : at + _NUMBERS] for at in range(0, len(self._numbers), _NUMBERS)]
        sums = [sum(numbers) for numbers in zip(*places, strict=True)]
        return Totals(sums, len(places), self._connections())


class Totals:
    """Sums over all workers, of one moment."""

    def __init__(self, sums: Sequence[float], workers: int, connections: int) -> None:
        self.workers: Final = workers
        self.connections: Final = connections
        self.by_status: Final = {
            number + _FIRST_STATUS: int(count) for number, count in enumerate(sums[:_STATUSES]) if count
        }
        self.buckets: Final = list(map(int, accumulate(sums[_BUCKETS:_SECONDS])))  # so long or less
        self.seconds: Final = sums[_SECONDS]
        self.rows: Final = int(sums[_ROWS])
        self.overloaded: Final = int(sums[_OVERLOADED])
        self.timed_out: Final = int(sums[_TIMED_OUT])
        self.restarts: Final = max(0, int(sums[_STARTS]) - workers)
        self.answering: Final = int(sums[_ANSWERING])
        self.waiting: Final = int(sums[_WAITING])
