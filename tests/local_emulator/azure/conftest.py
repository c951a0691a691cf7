"""One host for all tests that don't change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_emulator.azure.front.keys import Keys
from local_emulator.azure.triggers.events import EventSubscription
from tests.local_emulator.azure.hosts import APP, host_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_emulator.azure.hosts import Host

KEYS = Keys(master="the-master-key", default="the-default-key", functions={"locked": "the-key-of-locked"})


@pytest.fixture(scope="package")
def host() -> Iterator[Host]:
    """The app of tests/local_emulator/azure/app, running."""
    subscriptions = (EventSubscription("on_event", "drops", "in/", ".csv"),)
    settings = {"GREETING": "hello", "TICK": "0 0 3 * * *"}
    with host_of(APP, settings, keys=KEYS, subscriptions=subscriptions) as running:
        yield running
