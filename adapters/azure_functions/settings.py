"""What the app settings tell the Azure adapter; what they tell all carriers is onehandler.settings'."""

from __future__ import annotations

from onehandler.errors import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

STORAGE = "ONEHANDLER_STORAGE"  # the connection of batch scoring's blobs, queues and table
AUTH_LEVELS = ("function", "anonymous", "admin")
CARRIERS = ("streaming", "plain")
DROPS = ("queue", "event-grid", "blob")


class AppSettings:
    """Read once, when the worker reads the app.

    | variable | default | meaning |
    | --- | --- | --- |
    | ONEHANDLER_AUTH_LEVEL | function | which key HTTP requests must bring: function, admin, or anonymous for none |
    | ONEHANDLER_CARRIER | streaming | how HTTP requests get to the worker: streaming or plain (decision 0007) |
    | ONEHANDLER_BATCH_RESULTS | none | container of batch results; without it there are no batch functions |
    | ONEHANDLER_DROPS | queue | who tells of drops: Event Grid through a queue, Event Grid itself, a blob trigger |
    """

    __slots__ = ("auth_level", "batch", "carrier", "drops")

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.auth_level: Final = _one_of(environ, "ONEHANDLER_AUTH_LEVEL", AUTH_LEVELS)
        self.carrier: Final = _one_of(environ, "ONEHANDLER_CARRIER", CARRIERS)
        self.batch: Final = bool(environ.get("ONEHANDLER_BATCH_RESULTS"))
        self.drops: Final = _one_of(environ, "ONEHANDLER_DROPS", DROPS)


def _one_of(environ: Mapping[str, str], name: str, accepted: tuple[str, ...]) -> str:
    """The first of those accepted unless another was said."""
    found = environ.get(name) or accepted[0]
    if found not in accepted:
        raise SettingsError(f"must be one of {', '.join(accepted)}, not {found!r:.40}", where=name)
    return found
