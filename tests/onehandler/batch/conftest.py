from collections.abc import Iterator

import pytest

from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.bundles import build


@pytest.fixture(scope="session")
def handler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handler]:
    """Irises, opened once."""
    found = Handler.load(
        build("iris", tmp_path_factory.mktemp("bundles")), Settings({"ONEHANDLER_THREADS": "1"})
    )
    yield found
    found.close()
