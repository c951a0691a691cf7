"""How much memory models hold, and which of them have to go."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onehandler.errors import OutOfMemory

if TYPE_CHECKING:
    from onehandler.handler import Handler

_PAGES_RESIDENT = 1  # the second number in /proc/self/statm
_MEGABYTE = 1024 * 1024


@dataclass(slots=True)
class Loaded:
    """Models in memory by what names them, least recently used first; at most `ceiling` bytes (0: any number).

    Not safe for threads: whoever owns it holds a lock.
    """

    ceiling: int
    _models: dict[tuple[str, str], tuple[Handler, int]] = field(default_factory=dict)

    def get(self, key: tuple[str, str]) -> Handler | None:
        """A model that is in memory, now the most recently used; else None."""
        found = self._models.pop(key, None)
        if found is None:
            return None
        self._models[key] = found
        return found[0]

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._models

    def put(self, key: tuple[str, str], handler: Handler, size: int) -> None:
        """Keep a model of that many bytes."""
        self._models[key] = (handler, size)

    def drop(self, key: tuple[str, str]) -> None:
        """Let a model go, if it is there. Requests that it is answering keep it until they have their answers."""
        self._models.pop(key, None)

    def make_room(self, size: int, where: str, *, evict: bool = True) -> None:
        """Drop the least recently used until `size` bytes more fit; OutOfMemory when they never will.

        Without `evict` none is dropped: whoever manages them is to say which one goes.
        """
        if not self.ceiling:
            return
        if size > self.ceiling:
            raise OutOfMemory(
                f"the model takes {size // _MEGABYTE} MB, all models together may take "
                f"{self.ceiling // _MEGABYTE} MB; raise ONEHANDLER_MODELS_MB",
                where=where,
            )
        while self._models and self._held() + size > self.ceiling:
            if not evict:
                raise OutOfMemory(
                    f"the model takes {size // _MEGABYTE} MB, those in memory leave "
                    f"{(self.ceiling - self._held()) // _MEGABYTE} MB; unload one",
                    where=where,
                )
            del self._models[next(iter(self._models))]

    def _held(self) -> int:
        return sum(held for _, held in self._models.values())


def resident() -> int:
    """Bytes that this process holds in memory; 0 where the system doesn't tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[_PAGES_RESIDENT]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
