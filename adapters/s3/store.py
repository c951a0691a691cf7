"""S3 as batch scoring's object store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.exceptions import ClientError

from adapters.s3.multipart import joined, split
from onehandler.batch.ports import Gone
from onehandler.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

    from onehandler.batch.ports import Location, Piece

_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "PreconditionFailed", "NoSuchBucket"})
_CREATE_ATTEMPTS = 5  # 409: another conditional write of the same key is under way


class S3Store:
    """Implements onehandler.batch.ports.ObjectStore. The client retries what boto3 knows to be transient."""

    def __init__(self, client: S3Client) -> None:
        self._client = client

    @classmethod
    def connect(cls) -> Self:
        """With a client of its own, as boto3 finds its settings."""
        return cls(boto3.client("s3"))

    def read(self, location: Location, start: int, end: int) -> bytes:
        """A ranged GET of one state of the object: its version, or else only while its ETag is unchanged."""
        if start >= end:
            return b""
        try:
            found = self._client.get_object(
                Bucket=location.bucket, Key=location.key, Range=f"bytes={start}-{end - 1}", **_state(location)
            )
        except ClientError as error:
            return _read_error(error)
        return found["Body"].read()

    def create(
        self, location: Location, body: bytes, content_type: str, metadata: Mapping[str, str] | None = None
    ) -> bool:
        """PUT with If-None-Match. 412 says that it was there before."""
        for _ in range(_CREATE_ATTEMPTS):
            try:
                self._client.put_object(
                    Bucket=location.bucket,
                    Key=location.key,
                    Body=body,
                    ContentType=content_type,
                    Metadata=dict(metadata or {}),
                    IfNoneMatch="*",
                )
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code")
                if code == "PreconditionFailed":
                    return False
                if code != "ConditionalRequestConflict":
                    raise
            else:
                return True
        raise Unavailable(
            "another writer kept this key busy; try again", where=f"s3://{location.bucket}/{location.key}"
        )

    def metadata(self, location: Location) -> Mapping[str, str] | None:
        """A HEAD; None where there is nothing, or not in that state."""
        found = self._head(location)
        return None if found is None else found["Metadata"]

    def size(self, location: Location) -> int | None:
        """A HEAD, too."""
        found = self._head(location)
        return None if found is None else found["ContentLength"]

    def join(self, location: Location, head: bytes, pieces: Sequence[Piece], content_type: str) -> bool:
        """A multipart upload whose parts S3 copies itself (multipart.py)."""
        return joined(self, self._client, location, split(head, pieces), content_type)

    def _head(self, location: Location) -> HeadObjectOutputTypeDef | None:
        try:
            return self._client.head_object(Bucket=location.bucket, Key=location.key, **_state(location))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _GONE | {"412"}:
                return None
            raise


def _state(location: Location) -> dict[str, Any]:
    if location.version:
        return {"VersionId": location.version}
    return {"IfMatch": f'"{location.etag}"'} if location.etag else {}


def _read_error(error: ClientError) -> bytes:
    code = error.response.get("Error", {}).get("Code")
    if code == "InvalidRange":  # the range starts at or past the end
        return b""
    if code in _GONE:
        raise Gone from error
    raise error
