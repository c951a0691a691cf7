"""Emulators for the adapters that talk to AWS and to Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.azure_storage import Account
from tests.adapters.azurite import azurite
from tests.deployment.conftest import aws, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["aws", "endpoint"]


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A storage account's connection string."""
    with azurite(tmp_path_factory.mktemp("azurite")) as connection_string:
        yield connection_string


@pytest.fixture(scope="session")
def account(storage: str) -> Iterator[Account]:
    """Clients of that account."""
    found = Account.of_connection_string(storage)
    yield found
    found.close()
