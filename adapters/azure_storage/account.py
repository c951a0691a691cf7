"""Which storage account, and who asks it: told by app settings, in the words that Functions' own bindings know.

`NAME` alone is a connection string. Without one, `NAME__accountName` (or `NAME__blobServiceUri` and its like) names the
account, and the app's managed identity asks, `NAME__clientId` where it isn't the system's.
https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient, ExponentialRetry
from azure.storage.queue import QueueServiceClient

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure.core.credentials import TokenCredential

# Three tries, 1, 3 and 7 s apart: the SDK's own first pause is 15 s, in which a queue would give the message away.
_BACKOFF_S, _GROWTH, _TRIES = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Account:
    """Clients of one storage account's three services; `credential` is None where a connection string has a key."""

    blobs: BlobServiceClient
    queues: QueueServiceClient
    tables: TableServiceClient
    credential: TokenCredential | None = None

    @classmethod
    def connect(cls, environ: Mapping[str, str], name: str) -> Account:
        """As the app settings say. Raises SettingsError."""
        text = environ.get(name)
        if text:
            return cls.of_connection_string(text, name)
        uris = [_uri(environ, name, service) for service in ("blob", "queue", "table")]
        from azure.identity import ManagedIdentityCredential  # 0.2 s that a connection string doesn't need

        credential = ManagedIdentityCredential(client_id=environ.get(f"{name}__clientId"))
        blobs, queues, tables = uris
        return cls(
            BlobServiceClient(blobs, credential, **_options()),
            QueueServiceClient(queues, credential=credential, **_options()),
            TableServiceClient(endpoint=tables, credential=credential),
            credential,
        )

    @classmethod
    def of_connection_string(cls, text: str, name: str = "connection string") -> Account:
        """With the key that it holds. SettingsError when it is none."""
        try:
            return cls(
                BlobServiceClient.from_connection_string(text, **_options()),
                QueueServiceClient.from_connection_string(text, **_options()),
                TableServiceClient.from_connection_string(text),
            )
        except ValueError as error:  # whose message never holds the key
            raise SettingsError(f"is not a storage connection string: {error}", where=name) from None

    def close(self) -> None:
        """Give the connections back."""
        for client in (self.blobs, self.queues, self.tables):
            client.close()


def _options() -> dict[str, Any]:
    """For the clients of blobs and queues, whose pauses are long by default."""
    retry = ExponentialRetry(initial_backoff=_BACKOFF_S, increment_base=_GROWTH, retry_total=_TRIES)
    return {"retry_policy": retry}


def _uri(environ: Mapping[str, str], name: str, service: str) -> str:
    told = environ.get(f"{name}__{service}ServiceUri")
    if told:
        return told
    account = environ.get(f"{name}__accountName")
    if not account:
        raise SettingsError(
            f"must be a connection string, or {name}__accountName the storage account's name; "
            "iac/azure/main.bicep sets the latter",
            where=name,
        )
    return f"https://{account}.{service}.core.windows.net"
