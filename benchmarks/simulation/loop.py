"""An event loop whose clock jumps from event to event. A process is a generator of the seconds it waits."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TypeAlias

    Process: TypeAlias = Generator[float, None, None]
    Step: TypeAlias = Generator[float, None, bool]  # a part of a process: whether it was done


class Loop:
    """Runs processes. Of two that are due at once, the one that was put to wait first goes first."""

    def __init__(self, observe: Callable[[float], None] = lambda _seconds: None) -> None:
        self.now = 0.0  # seconds
        self._observe = observe
        self._due: list[tuple[float, int, Process]] = []
        self._order = count()

    def start(self, process: Process, after: float = 0.0) -> None:
        """Let a process begin."""
        heappush(self._due, (self.now + after, next(self._order), process))

    def run(self) -> None:
        """Until every process has ended. `observe` is told of all time that passes, before it does."""
        while self._due:
            at, _, process = heappop(self._due)
            if at > self.now:
                self._observe(at - self.now)
                self.now = at
            wait = next(process, None)
            if wait is not None:
                self.start(process, wait)
