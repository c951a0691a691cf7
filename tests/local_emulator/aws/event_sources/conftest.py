from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.local_emulator.aws.event_sources.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.mappings.close()
    assert [t.name for t in threading.enumerate() if t.name.startswith("sqs-poller")] == []
