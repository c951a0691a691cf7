"""How an emulator of Azure Functions is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_emulator.aws.clock import SystemClock
from local_emulator.azure.front.keys import Keys
from local_emulator.azure.triggers.events import RETRIES_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local_emulator.aws.clock import Clock
    from local_emulator.azure.triggers.events import EventSubscription
    from local_emulator.azure.workers.contracts import LogLine

PORT = 7071  # the one that Azure's own tools use


def _nothing(_: LogLine) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits that on Azure save money and here only cost patience; seconds."""

    queue_poll: float = 1.0  # the longest between two looks into an empty queue, whatever host.json says
    blob_poll: float = 1.0  # between two listings of a container
    queue_lease: int = 600
    event_retries: tuple[float, ...] = RETRIES_S  # after a delivery that failed
    http_patience: float = 230.0  # after which Azure's load balancer gives up on an answer
    drain: float = 5.0  # for running functions when the emulator is closed


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """`path` is a folder or a zip. Port 0 is any free one; `settings` are app settings over the app's own."""

    path: Path
    root: Path | None = None  # where everything temporary goes; a temporary folder of its own when None
    port: int = 0
    search_port: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    subscriptions: tuple[EventSubscription, ...] = ()
    keys: Keys = field(default_factory=Keys)
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=SystemClock)
    log: Callable[[LogLine], None] = _nothing
    note: Callable[[str], None] = lambda _: None
