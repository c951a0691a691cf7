"""Time, as the parts that wait and retry see it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from threading import Condition


class Clock(Protocol):
    """Tells the time and waits."""

    def now(self) -> float:
        """Give seconds since the epoch."""
        ...

    def wait(self, condition: Condition, seconds: float | None = None) -> None:
        """Wait on a held condition until it is notified, or `seconds` are over, or for no reason at all."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Give seconds since the epoch."""
        return time.time()

    def wait(self, condition: Condition, seconds: float | None = None) -> None:
        """Wait on a held condition, at most `seconds`."""
        condition.wait(seconds)


class ManualClock:
    """A fake for tests: time passes when told to, and whoever waits finds out within 5 ms."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now

    def now(self) -> float:
        """Give seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def wait(self, condition: Condition, seconds: float | None = None) -> None:  # noqa: ARG002 - fake time
        """Wake up soon, whatever `seconds` says: waiters look at the time again."""
        condition.wait(0.005)
