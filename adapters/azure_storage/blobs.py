"""Block blobs as batch scoring's object store; a bucket is a container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContentSettings

from adapters.azure_storage.joining import Sources, joined
from onehandler.batch.ports import Gone, Location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from azure.storage.blob import BlobClient, BlobProperties

    from adapters.azure_storage.account import Account
    from onehandler.batch.ports import Piece

_GONE = (ResourceNotFoundError, ResourceModifiedError)
_RANGE_NOT_SATISFIABLE = 416


class BlobStore:
    """Implements onehandler.batch.ports.ObjectStore. The client retries what the SDK knows to be transient."""

    def __init__(self, account: Account) -> None:
        self._service = account.blobs
        self._sources = Sources(account)

    @classmethod
    def connect(cls, account: Account) -> Self:
        """With the account's client."""
        return cls(account)

    def read(self, location: Location, start: int, end: int) -> bytes:
        """A ranged GET of one state of the blob: its version, or else only while its ETag is unchanged."""
        if start >= end:
            return b""
        try:
            download = self._blob(location).download_blob(start, end - start, **_state(location))
            found: bytes = download.readall()
        except _GONE:
            raise Gone from None
        except HttpResponseError as error:
            if error.status_code == _RANGE_NOT_SATISFIABLE:  # the range starts at or past the end
                return b""
            raise
        return found

    def create(
        self, location: Location, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """PUT with If-None-Match: *. 409 or 412 say that it was there before."""
        try:
            self._blob(location).upload_blob(
                body,
                overwrite=False,
                metadata=dict(metadata or {}),
                content_settings=ContentSettings(content_type=content_type),
            )
        except (ResourceExistsError, ResourceModifiedError) as error:
            if self._blob(location).exists():
                return False
            raise error from None
        return True

    def metadata(self, location: Location) -> Mapping[str, str] | None:
        """A HEAD; None where there is nothing, or not in that state."""
        found = self._head(location)
        return None if found is None else found.metadata

    def size(self, location: Location) -> int | None:
        """A HEAD, too."""
        found = self._head(location)
        return None if found is None else found.size

    def state(self, container: str, name: str) -> tuple[Location, int] | None:
        """Where a blob is, with the ETag of what it holds now, and its size; None where there is none."""
        found = self._head(Location(container, name))
        return None if found is None else (Location(container, name, etag=bare(found.etag)), found.size)

    def join(self, location: Location, head: bytes, pieces: Sequence[Piece], content_type: str) -> bool:
        """A list of blocks that the service itself copies from the pieces (joining.py)."""
        return joined(self._blob(location), self._sources, head, pieces, content_type)

    def _head(self, location: Location) -> BlobProperties | None:
        try:
            return self._blob(location).get_blob_properties(**_state(location))
        except _GONE:
            return None

    def _blob(self, location: Location) -> BlobClient:
        return self._service.get_blob_client(location.bucket, location.key)


def bare(etag: str) -> str:
    """An ETag as events tell it, without quotes."""
    return etag.strip('"')


def _state(location: Location) -> dict[str, Any]:
    if location.version:
        return {"version_id": location.version}
    if location.etag:
        return {"etag": f'"{location.etag}"', "match_condition": MatchConditions.IfNotModified}
    return {}
