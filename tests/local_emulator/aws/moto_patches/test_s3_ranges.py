"""Ranges of objects, as S3 answers them, without the rest of the object being read."""

from __future__ import annotations

import uuid

import boto3
import pytest
from botocore.exceptions import ClientError

from local_emulator.aws.moto_patches.s3_ranges import Content

BODY = bytes(range(250)) * 4


@pytest.fixture
def bucket(aws: str) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="key", Body=BODY)
    return name


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-0", 206, BODY[:1]),
        ("bytes=10-19", 206, BODY[10:20]),
        ("bytes=990-5000", 206, BODY[990:]),
        ("bytes=5-", 206, BODY[5:]),
        ("bytes=-7", 206, BODY[-7:]),
        ("bytes=20-10", 200, BODY),
        ("bytes=abc", 200, BODY),
        ("bytes=0-3,5-6", 200, BODY),
    ],
)
def test_ranges(bucket: str, asked: str, status: int, expected: bytes) -> None:
    found = boto3.client("s3").get_object(Bucket=bucket, Key="key", Range=asked)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == status
    assert found["ContentLength"] == len(expected)
    assert found["Body"].read() == expected


def test_past_the_end_and_without_a_range(bucket: str) -> None:
    client = boto3.client("s3")
    with pytest.raises(ClientError, match="InvalidRange"):
        client.get_object(Bucket=bucket, Key="key", Range="bytes=1000-")
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == BODY
    with pytest.raises(ClientError, match="NoSuchKey"):
        client.get_object(Bucket=bucket, Key="none", Range="bytes=0-9")


def test_only_what_is_asked_for_is_read() -> None:
    reads = []

    class Buffer:
        def seek(self, position: int) -> None:
            reads.append(position)

        def read(self, count: int) -> bytes:
            reads.append(count)
            return b"x" * count

    class Lock:
        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    class Key:
        contentsize = 10**12
        lock = Lock()
        _value_buffer = Buffer()

    assert Content(Key())[10**11 : 10**11 + 5] == b"xxxxx"
    assert reads == [10**11, 5]
