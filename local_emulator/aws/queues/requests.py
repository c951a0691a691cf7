"""What receivers ask of a queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Receive:
    """What a receiver asks for."""

    most: int = 1
    wait_s: float = 0
    visibility_s: int | None = None  # None: the queue's own
    given_up: Callable[[], bool] = lambda: False  # looked at while waiting; see StandardQueue.wake
