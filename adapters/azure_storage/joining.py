"""Blobs joined within the service: blocks that it copies from others, committed only if no blob is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError
from azure.storage.blob import BlobBlock, BlobSasPermissions, ContentSettings, generate_blob_sas

from onehandler.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from azure.storage.blob import BlobClient

    from adapters.azure_storage.account import Account
    from onehandler.batch.ports import Location, Piece

_MOST = 100 * 1024 * 1024  # bytes of a block that the service copies
_TOGETHER = 8  # copies at once
_ATTEMPTS = 5  # another writer's commit throws away the blocks of all others
_SCOPE = "https://storage.azure.com/.default"
_HOUR = timedelta(hours=1)


class Sources:
    """URLs that the service may read from, for it is asked to copy what lies in it."""

    def __init__(self, account: Account) -> None:
        self._service = account.blobs
        self._credential = account.credential

    def of(self, location: Location) -> tuple[str, dict[str, Any]]:
        """A blob's URL, and what authorises reading it: the identity's token, or a signature of the key."""
        blob = self._service.get_blob_client(location.bucket, location.key)
        if self._credential is not None:
            return blob.url, {"source_authorization": f"Bearer {self._credential.get_token(_SCOPE).token}"}
        signature = generate_blob_sas(
            account_name=str(self._service.account_name),
            container_name=location.bucket,
            blob_name=location.key,
            account_key=self._service.credential.account_key,
            permission=BlobSasPermissions(read=True),
            expiry=datetime.now(UTC) + _HOUR,
        )
        return f"{blob.url}?{signature}", {}


def joined(
    blob: BlobClient, sources: Sources, head: bytes, pieces: Sequence[Piece], content_type: str
) -> bool:
    """Commit head and pieces as one blob unless one is there; tell whether this call did.

    Blocks that a death leaves uncommitted are removed by the service after a week.
    """
    parts: list[bytes | Piece] = [*([head] if head else []), *chain.from_iterable(map(_copied, pieces))]
    for _ in range(_ATTEMPTS):
        if blob.exists():
            return False
        prefix = uuid4().hex
        stage = partial(_staged, blob, sources, prefix)
        with ThreadPoolExecutor(_TOGETHER) as pool:
            blocks = list(pool.map(stage, range(len(parts)), parts))
        outcome = _committed(blob, blocks, content_type)
        if outcome is not None:
            return outcome
    raise Unavailable("another writer kept this blob busy; try again", where=blob.url)


def _copied(piece: Piece) -> Iterator[Piece]:
    """A stretch in as many as the service copies at once."""
    for start in range(piece.start, piece.end, _MOST):
        yield type(piece)(piece.location, start, min(start + _MOST, piece.end))


def _staged(blob: BlobClient, sources: Sources, prefix: str, number: int, part: bytes | Piece) -> BlobBlock:
    """One block, sent or copied. Its id is this writer's own: others may stage theirs for the same blob."""
    name = f"{prefix}-{number:05d}"
    if isinstance(part, bytes):
        blob.stage_block(name, part)
    else:
        url, authorised = sources.of(part.location)
        blob.stage_block_from_url(name, url, part.start, part.end - part.start, **authorised)
    return BlobBlock(name)


def _committed(blob: BlobClient, blocks: list[BlobBlock], content_type: str) -> bool | None:
    """Whether these blocks became the blob; None where another writer's commit has thrown them away."""
    try:
        blob.commit_block_list(
            blocks,
            content_settings=ContentSettings(content_type=content_type),
            match_condition=MatchConditions.IfMissing,
        )
    except (ResourceExistsError, ResourceModifiedError):
        return False
    except HttpResponseError as error:
        if getattr(error, "error_code", "") != "InvalidBlockList":
            raise
        return None
    return True
