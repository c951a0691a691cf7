"""What is served, loaded once however many first requests come at once."""

from __future__ import annotations

from threading import Lock

from onehandler import early
from onehandler.handler import load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from onehandler.protocols import Served
    from onehandler.settings import Settings


class Loaded:
    """Calling it gives what is served; the first call loads it, those meanwhile wait. Raises what loading raised."""

    __slots__ = ("_lock", "_served", "_settings")

    def __init__(self, settings: Settings) -> None:
        self._settings: Final = settings
        self._lock: Final = Lock()
        self._served: Served | None = None

    def __call__(self) -> Served:
        """Cheap once it is loaded."""
        if self._served is None:
            with self._lock:
                if self._served is None:
                    self._served = load(
                        early.verified(self._settings) or self._settings.bundle, self._settings
                    )
        return self._served
