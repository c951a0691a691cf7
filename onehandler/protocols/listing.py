"""What servers tell about the models they have."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final


class Listed:
    """One version of a model.

    `default` says that it answers requests for its model that name no version; `loaded`, that it is in memory
    (others are loaded when they are first asked for).
    """

    __slots__ = ("default", "labels", "loaded", "name", "version")

    def __init__(
        self,
        name: str,
        version: str,
        *,
        default: bool = True,
        labels: tuple[str, ...] = (),
        loaded: bool = True,
    ) -> None:
        self.name: Final = name
        self.version: Final = version
        self.default: Final = default
        self.labels: Final = labels
        self.loaded: Final = loaded
