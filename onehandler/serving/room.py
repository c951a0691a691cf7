"""How many bytes of requests a worker holds at once: a queue bounded in requests alone could fill its memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


class Room:
    """Bytes that all requests under way share; one alone gets what it needs."""

    def __init__(self, limit: int) -> None:
        self._limit: Final = limit
        self._held = 0

    def enter(self) -> Share:
        """A request's own share, empty so far."""
        return Share(self)

    def take(self, size: int, own: int) -> bool:
        """Hold so many bytes more for a request that holds `own` already; False where others leave no room."""
        if self._held > own and self._held + size > self._limit:
            return False
        self._held += size
        return True

    def give(self, size: int) -> None:
        """Hold so many bytes less."""
        self._held -= size


class Share:
    """What one request holds."""

    def __init__(self, room: Room) -> None:
        self._room: Final = room
        self._held = 0

    def take(self, size: int) -> bool:
        """Hold so many bytes more; False where there is no room for them."""
        taken = self._room.take(size, self._held)
        self._held += size if taken else 0
        return taken

    def leave(self) -> None:
        """The request is done."""
        self._room.give(self._held)
        self._held = 0
