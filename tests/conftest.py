"""What many tests share: handlers of the small bundles in `tests.bundles`, loaded once a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from onehandler.handler import Handler
from onehandler.settings import Settings
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A slow machine fails no test.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def handler_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Handler]]:
    """`handler_of("iris")`: that bundle's handler, for tests that don't change it."""
    folder = tmp_path_factory.mktemp("bundles")
    loaded: dict[str, Handler] = {}

    def load(name: str) -> Handler:
        if name not in loaded:
            loaded[name] = Handler.load(
                bundles.build(name, folder), Settings({"ONEHANDLER_MAX_BODY_MB": "1"})
            )
        return loaded[name]

    yield load
    for handler in loaded.values():
        handler.close()


@pytest.fixture
def iris(handler_of: Callable[[str], Handler]) -> Handler:
    """The handler that most tests need."""
    return handler_of("iris")
