"""Azure Storage behind batch scoring's ports: block blobs, a queue, a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.azure_storage.account import Account
from adapters.azure_storage.blobs import BlobStore
from adapters.azure_storage.queues import StorageQueue
from adapters.azure_storage.tables import TableLedger
from onehandler.batch.settings import BatchSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Account", "BlobStore", "StorageQueue", "TableLedger", "connect"]


def connect(environ: Mapping[str, str]) -> tuple[BlobStore, StorageQueue, TableLedger]:
    """All three, as the app settings say. Raises SettingsError."""
    told, account = BatchSettings.read(environ), Account.connect(environ, "ONEHANDLER_STORAGE")
    return (
        BlobStore.connect(account),
        StorageQueue.connect(account, told.queue),
        TableLedger.connect(account, told.ledger),
    )
