"""What many tests share, made once a process: handlers of the small bundles in `tests.bundles`, and AWS's emulator."""

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


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running `onehandler emulate`."""
    from examples.demo import deployment  # not there in every environment that tests have

    with deployment.emulator(tmp_path_factory.mktemp("emulator") / "emulator.log") as url:
        yield url


@pytest.fixture(scope="session")
def aws(endpoint: str) -> Iterator[str]:
    """boto3 in this process talks to the emulator. Here, not in a folder's own: a second one would take its place."""
    from examples.demo import deployment

    with deployment.talking_to(endpoint):
        yield endpoint
