"""Azure's storage for the adapters that talk to it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from adapters.azure_storage import Account
from local_emulator.aws.execution.warden import Warden
from local_emulator.azure.storage.azurite import Azurite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A storage account's connection string; its server ends with this process, however that ends."""
    folder = tmp_path_factory.mktemp("azurite")
    with closing(Warden(folder)) as warden, closing(Azurite(folder / "data", warden).start()) as azurite:
        yield azurite.connection_string


@pytest.fixture(scope="session")
def account(storage: str) -> Iterator[Account]:
    """Clients of that account."""
    found = Account.of_connection_string(storage)
    yield found
    found.close()
