"""One emulator for a module, one stack for a test."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.local_emulator.aws.cloudformation.stacks import TestedStack
from tests.local_emulator.aws.emulators import Running, control_plane

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with control_plane(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture
def stack(running: Running, request: pytest.FixtureRequest) -> TestedStack:
    return TestedStack(running, re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[-30:].strip("-"))
