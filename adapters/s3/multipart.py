"""Objects joined within S3: a multipart upload whose parts are copied from others, created only if nothing is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from onehandler.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mypy_boto3_s3 import S3Client

    from onehandler.batch.ports import Location, ObjectStore, Piece

_LEAST = 5 * 1024 * 1024  # bytes of every part of an upload but the last
_MOST = 5 * 1024 * 1024 * 1024  # bytes S3 copies at once
_TOGETHER = 8  # copies at once
_ATTEMPTS = 5  # 409: another upload of the same key was completed meanwhile


def split(head: bytes, pieces: Sequence[Piece]) -> Iterator[list[bytes | Piece]]:
    """What becomes each part of an upload: stretches too small for one go together with what follows."""
    held: list[bytes | Piece] = [head] if head else []
    size = len(head)
    for piece in chain.from_iterable(map(_copied, pieces)):
        if held and size < _LEAST:  # fill up what is held, copy the rest
            taken = min(_LEAST - size, piece.end - piece.start)
            held.append(type(piece)(piece.location, piece.start, piece.start + taken))
            size += taken
            piece = type(piece)(piece.location, piece.start + taken, piece.end)  # noqa: PLW2901
        if piece.start == piece.end:
            continue
        if held:
            yield held
        held, size = [piece], piece.end - piece.start
    if held:
        yield held


def _copied(piece: Piece) -> Iterator[Piece]:
    """A stretch in as many as S3 copies at once."""
    for start in range(piece.start, piece.end, _MOST):
        yield type(piece)(piece.location, start, min(start + _MOST, piece.end))


def joined(
    store: ObjectStore,
    client: S3Client,
    location: Location,
    parts: Iterable[list[bytes | Piece]],
    content_type: str,
) -> bool:
    """Upload the parts as one object unless one is there; tell whether this call did.

    A death on the way leaves an upload that the bucket's lifecycle rule removes after a day.
    """
    planned = list(parts)
    if not planned:
        return store.create(location, b"", content_type)
    for _ in range(_ATTEMPTS):
        upload = client.create_multipart_upload(
            Bucket=location.bucket, Key=location.key, ContentType=content_type
        )
        target: dict[str, Any] = {
            "Bucket": location.bucket, "Key": location.key, "UploadId": upload["UploadId"]
        }  # fmt: skip
        with ThreadPoolExecutor(_TOGETHER) as pool:
            make = partial(_made, store, client, target)
            made = list(pool.map(make, range(1, len(planned) + 1), planned))
        outcome = _completed(client, target, made)
        if outcome is not None:
            return outcome
    raise Unavailable(
        "another writer kept this key busy; try again", where=f"s3://{location.bucket}/{location.key}"
    )


def _made(
    store: ObjectStore, client: S3Client, target: dict[str, Any], number: int, part: list[bytes | Piece]
) -> dict[str, Any]:
    """One part of the upload, copied or sent."""
    if len(part) == 1 and not isinstance(part[0], bytes):
        piece = part[0]
        source: Any = {"Bucket": piece.location.bucket, "Key": piece.location.key}
        copied = client.upload_part_copy(
            **target,
            PartNumber=number,
            CopySource=source,
            CopySourceRange=f"bytes={piece.start}-{piece.end - 1}",
        )
        return {"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]}
    body = b"".join(
        each if isinstance(each, bytes) else store.read(each.location, each.start, each.end) for each in part
    )
    return {"PartNumber": number, "ETag": client.upload_part(**target, PartNumber=number, Body=body)["ETag"]}


def _completed(client: S3Client, target: dict[str, Any], made: list[Any]) -> bool | None:
    """Whether this upload became the object; None where S3 asks to begin again."""
    try:
        client.complete_multipart_upload(**target, MultipartUpload={"Parts": made}, IfNoneMatch="*")
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code")
        if code not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        client.abort_multipart_upload(**target)
        return False if code == "PreconditionFailed" else None
    return True
