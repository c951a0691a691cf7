"""S3, CloudWatch Logs and SNS as the rest of SageMaker needs them: the emulator's own."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local_emulator.sagemaker.errors import CannotServe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local_emulator.sagemaker.contracts import Logs, Place


class EmulatorObjects:
    """Implements Objects with boto3. `client` gives the emulator's S3 client."""

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client

    def read(self, uri: str) -> bytes:
        """An object's content; CannotServe when there is none."""
        from botocore.exceptions import ClientError

        bucket, key = _parts(uri)
        try:
            content: bytes = self._client().get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise CannotServe(f"{uri}: {error.response['Error']['Message']}") from None
        return content

    def write(self, uri: str, content: bytes, content_type: str) -> None:
        """Put an object."""
        bucket, key = _parts(uri)
        self._client().put_object(Bucket=bucket, Key=key, Body=content, ContentType=content_type)

    def below(self, uri: str) -> Iterator[str]:
        """The URIs of all objects whose keys begin with this one's; CannotServe when there is no such bucket."""
        from botocore.exceptions import ClientError

        bucket, prefix = _parts(uri)
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        try:
            for page in pages:
                for each in page.get("Contents", []):
                    yield f"s3://{bucket}/{each['Key']}"
        except ClientError as error:
            raise CannotServe(f"{uri}: {error.response['Error']['Message']}") from None


class EmulatorNotices:
    """Implements Notices with boto3. `client` gives the SNS client of an ARN's region and account."""

    def __init__(self, client: Callable[[str, str], Any]) -> None:
        self._client = client

    def publish(self, topic_arn: str, message: Mapping[str, object]) -> None:
        """Tell a topic's subscribers."""
        _, _, _, region, account, _ = topic_arn.split(":", 5)
        self._client(region, account).publish(TopicArn=topic_arn, Message=json.dumps(message))


class PlaceLogs:
    """Implements Logs for one account and region."""

    def __init__(self, write: Callable[[Place, str, str, bytes, int], None], place: Place) -> None:
        self._write = write
        self._place = place

    def write(self, group: str, stream: str, lines: bytes) -> None:
        """Append whole lines."""
        self._write(self._place, group, stream, lines, int(time.time() * 1000))


def logs_of(write: Callable[[Place, str, str, bytes, int], None]) -> Callable[[Place], Logs]:
    """Logs by place."""
    return lambda place: PlaceLogs(write, place)


def _parts(uri: str) -> tuple[str, str]:
    found = urlsplit(uri, allow_fragments=False)
    if found.scheme != "s3" or not found.netloc:
        raise CannotServe(f"{uri} is no s3://bucket/key")
    return found.netloc, uri[len(f"s3://{found.netloc}/") :]
