"""The triggers of an app that work by themselves, started and stopped together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Trigger(Protocol):
    """Something that starts functions until it is told to stop."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """Begin nothing more; never waits."""
        ...

    def drain(self, seconds: float) -> None:
        """Wait for what runs, but not longer than this."""
        ...

    def close(self) -> None:
        """Wait for what runs, and leave no thread."""
        ...


class Triggers:
    """All of them. `stop` comes first for each, so that none starts what another has just ended."""

    def __init__(self, triggers: Sequence[Trigger]) -> None:
        self._triggers = triggers

    def start(self) -> None:
        """Start every trigger."""
        for trigger in self._triggers:
            trigger.start()

    def stop(self) -> None:
        """Let none begin anything more."""
        for trigger in self._triggers:
            trigger.stop()

    def drain(self, seconds: float) -> None:
        """Give what runs so much time in all."""
        deadline = time.monotonic() + seconds
        for trigger in self._triggers:
            trigger.drain(max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        """Wait for all that runs."""
        self.stop()
        for trigger in self._triggers:
            trigger.close()
