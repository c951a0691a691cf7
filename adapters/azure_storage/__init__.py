"""Azure Storage behind batch scoring's ports: block blobs, a queue, a table."""

from adapters.azure_storage.account import Account
from adapters.azure_storage.blobs import BlobStore
from adapters.azure_storage.queues import StorageQueue
from adapters.azure_storage.tables import TableLedger

__all__ = ["Account", "BlobStore", "StorageQueue", "TableLedger"]
