"""An emulator for the length of a `with` block, for tests, benchmarks and demonstrations."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local_emulator.aws.clock import SystemClock
from local_emulator.azure.emulator import AzureEmulator
from local_emulator.azure.front.keys import Keys
from local_emulator.azure.settings import EmulatorSettings, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from local_emulator.aws.clock import Clock
    from local_emulator.azure.triggers.events import EventSubscription
    from local_emulator.azure.workers.contracts import LogLine


def _ignore(_: LogLine) -> None:
    return None


@contextmanager
def running(
    path: Path | str,
    settings: Mapping[str, str] | None = None,
    *,
    port: int = 0,
    pace: Pace | None = None,
    subscriptions: Sequence[EventSubscription] = (),
    keys: Keys | None = None,
    clock: Clock | None = None,
    log: Callable[[LogLine], None] = _ignore,
) -> Iterator[AzureEmulator]:
    """Run a folder or a deployment zip. `settings` are app settings; `log` gets every line of the workers."""
    made = EmulatorSettings(
        Path(path),
        port=port,
        settings=settings or {},
        pace=pace or Pace(),
        subscriptions=tuple(subscriptions),
        keys=keys or Keys(),
        clock=clock or SystemClock(),
        log=log,
    )
    with AzureEmulator(made) as emulator:
        yield emulator
