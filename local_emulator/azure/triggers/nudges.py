"""Tells listeners that this host has written to their queue, so that they look at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Nudges:
    """Who waits for messages, by the name of the queue."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    def add(self, queue: str, nudge: Callable[[], None]) -> None:
        """Have this called after a message was written to the queue."""
        self._waiting.setdefault(queue, []).append(nudge)

    def tell(self, queue: str) -> None:
        """Say that the queue has something new."""
        for nudge in self._waiting.get(queue, ()):
            nudge()
