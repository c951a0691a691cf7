"""Azure Storage blobs, as the host uses them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from azure.storage.blob import BlobProperties


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob's name and properties at one moment."""

    container: str
    name: str
    etag: str  # without quotes
    size: int
    kind: str  # "BlockBlob", …
    content_type: str
    modified: datetime
    metadata: Mapping[str, str]
    url: str

    @property
    def path(self) -> str:
        """Container and name."""
        return f"{self.container}/{self.name}"


class Blobs:
    """The blobs of an account."""

    def __init__(self, connection_string: str) -> None:
        self._service = BlobServiceClient.from_connection_string(connection_string)

    def list(self, container: str) -> Iterator[Blob]:
        """List a container; one that does not exist is empty."""
        client = self._service.get_container_client(container)
        try:
            for found in client.list_blobs(include=["metadata"]):
                yield self._blob(container, found)
        except ResourceNotFoundError:
            return

    def find(self, container: str, name: str) -> Blob | None:
        """Give a blob's properties, or None."""
        try:
            found = self._service.get_blob_client(container, name).get_blob_properties()
        except ResourceNotFoundError:
            return None
        return self._blob(container, found)

    def read(self, container: str, name: str) -> bytes | None:
        """Give a blob's content, or None."""
        try:
            return self._service.get_blob_client(container, name).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def write(self, container: str, name: str, data: bytes) -> None:
        """Write a blob over what is there, in a container made when missing."""
        client = self._service.get_blob_client(container, name)
        try:
            client.upload_blob(data, overwrite=True)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                self._service.create_container(container)
            client.upload_blob(data, overwrite=True)

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def _blob(self, container: str, found: BlobProperties) -> Blob:
        name = str(found.name)
        return Blob(
            container,
            name,
            str(found.etag).strip('"'),
            int(found.size),
            str(getattr(found.blob_type, "value", found.blob_type)),
            str(found.content_settings.content_type or "application/octet-stream"),
            found.last_modified,
            dict(found.metadata or {}),
            self._service.get_blob_client(container, name).url,
        )
