"""Puts bundles where onehandler.bundle_sources.s3 finds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from onehandler.bundle import MANIFEST, SIGNATURE
from onehandler.bundle_sources.location import Location
from onehandler.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

    from onehandler.bundle import Bundle


def s3_client() -> S3Client:
    """S3 as the environment and AWS's own configuration files say."""
    return boto3.client("s3")


def push(
    bundle: Bundle,
    bucket: str,
    prefix: str,
    client: S3Client,
    told: Callable[[int], None] = lambda _: None,
) -> Location:
    """Upload a verified bundle below a prefix, its manifest last, and give its location.

    `told` hears how many bytes have gone. Raises BundleError with S3's reason.
    """
    location = Location(bucket, prefix, bundle.digest)
    # Without a manifest nobody reads the rest: what an interrupted upload leaves is no bundle.
    signature = [SIGNATURE] if Path(bundle.folder, SIGNATURE).exists() else []
    for name in (*sorted(bundle.manifest["files"]), *signature, MANIFEST):
        path = str(Path(bundle.folder, *name.split("/")))
        try:
            client.upload_file(path, bucket, location.key(name), Callback=told)
        except (S3UploadFailedError, ClientError, BotoCoreError, OSError) as error:
            raise BundleError(f"cannot be uploaded: {error}"[:300], where=f"{location}/{name}") from None
    return location
