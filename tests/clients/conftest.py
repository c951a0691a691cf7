"""These tests need an environment of their own: `make test-clients` runs them, plain pytest leaves them out.

Each server is a process of `onehandler serve`, as its users start it.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from tests import bundles
from tests.clients.models import EVERY, every_datatype, half_plus_three
from tests.clients.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

collect_ignore_glob = [] if find_spec("tritonclient") else ["test_*.py"]


@pytest.fixture(scope="session")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a classifier of flowers."""
    folder = tmp_path_factory.mktemp("iris")
    with serving(bundles.build("iris", folder), folder) as address:
        yield address


@pytest.fixture(scope="session")
def every(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a model that gives back an input of each datatype."""
    folder = tmp_path_factory.mktemp(EVERY)
    with serving(every_datatype(folder), folder) as address:
        yield address


@pytest.fixture(scope="session")
def half(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of TensorFlow Serving's example model."""
    folder = tmp_path_factory.mktemp("half")
    with serving(half_plus_three(folder), folder) as address:
        yield address
