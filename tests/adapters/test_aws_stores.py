"""One suite over every store and queue, the clouds' over their SDKs and a real HTTP API; and what is AWS's own."""

from __future__ import annotations

import json
import threading
import uuid
from base64 import b64decode
from collections.abc import Callable

import boto3
import pytest
from botocore.exceptions import ClientError

from adapters.aws_batch import drops_in
from adapters.azure_storage import Account, BlobStore, StorageQueue
from adapters.s3 import S3Store
from adapters.sqs import SqsQueue
from onehandler.batch.job import Drop, Task
from onehandler.batch.memory import MemoryQueue, MemoryStore
from onehandler.batch.ports import Gone, Location, ObjectStore, Piece, Queue
from onehandler.errors import MalformedBody, Unavailable


@pytest.fixture(params=["memory", "s3", "azure"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "memory":
        return MemoryStore()
    if request.param == "azure":
        return BlobStore(request.getfixturevalue("account"))
    request.getfixturevalue("aws")
    return S3Store(boto3.client("s3"))


@pytest.fixture
def bucket(store: ObjectStore, request: pytest.FixtureRequest) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    if isinstance(store, S3Store):
        boto3.client("s3").create_bucket(Bucket=name)
    elif isinstance(store, BlobStore):
        request.getfixturevalue("account").blobs.create_container(name)
    return name


def test_objects_are_created_once(store: ObjectStore, bucket: str) -> None:
    where = Location(bucket, "a+b é/%2F")
    assert store.metadata(where) is None
    assert store.create(where, b"first", "text/plain", {"rows": "3"})
    assert not store.create(where, b"second", "text/plain", {"rows": "4"})
    assert store.read(where, 0, 100) == b"first"
    assert store.metadata(where) == {"rows": "3"}


def test_reads_are_ranges_cut_at_the_end(store: ObjectStore, bucket: str) -> None:
    where = Location(bucket, "key")
    store.create(where, b"0123456789", "text/plain")
    assert store.read(where, 2, 5) == b"234"
    assert store.read(where, 8, 50) == b"89"
    assert store.read(where, 10, 20) == b""
    assert store.read(where, 5, 5) == b""


def test_what_is_not_there_is_gone(store: ObjectStore, bucket: str) -> None:
    with pytest.raises(Gone):
        store.read(Location(bucket, "nothing"), 0, 10)


def test_one_of_many_writers_wins(store: ObjectStore, bucket: str) -> None:
    wins: list[int] = []

    def write(number: int) -> None:
        if store.create(Location(bucket, "race"), str(number).encode(), "text/plain"):
            wins.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert store.read(Location(bucket, "race"), 0, 9) == str(wins[0]).encode()


def test_a_state_of_a_source_is_read_or_gone(aws: str) -> None:
    s3, name = boto3.client("s3"), f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    store = S3Store(s3)
    etag = s3.put_object(Bucket=name, Key="key", Body=b"old")["ETag"].strip('"')
    assert store.read(Location(name, "key", etag=etag), 0, 9) == b"old"
    s3.put_object(Bucket=name, Key="key", Body=b"new")
    with pytest.raises(Gone):
        store.read(Location(name, "key", etag=etag), 0, 9)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=name, Key="key", Body=b"third")["VersionId"]
    s3.put_object(Bucket=name, Key="key", Body=b"fourth")
    assert store.read(Location(name, "key", version=version), 0, 9) == b"third"
    s3.delete_object(Bucket=name, Key="key", VersionId=version)
    with pytest.raises(Gone):
        store.read(Location(name, "key", version=version), 0, 9)


@pytest.fixture(params=["memory", "sqs", "azure"])
def queue(request: pytest.FixtureRequest) -> tuple[Queue, Callable[[], list[str]]]:
    """A queue, and what takes some of its messages."""
    if request.param == "memory":
        found = MemoryQueue()
        return found, lambda: [found.bodies.pop()] if found.bodies else []
    if request.param == "azure":
        return _storage_queue(request.getfixturevalue("account"))
    request.getfixturevalue("aws")
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"queue-{uuid.uuid4().hex}")["QueueUrl"]

    def taken() -> list[str]:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in received]

    return SqsQueue(sqs, url), taken


def _storage_queue(account: Account) -> tuple[Queue, Callable[[], list[str]]]:
    name = f"queue-{uuid.uuid4().hex}"
    client = account.queues.create_queue(name)

    def taken() -> list[str]:
        messages = client.receive_messages(max_messages=32)
        return [b64decode(message.content).decode() for message in messages]

    return StorageQueue.connect(account, name), taken


@pytest.mark.parametrize("count", [0, 1, 10, 25])
def test_all_messages_are_sent(queue: tuple[Queue, Callable[[], list[str]]], count: int) -> None:
    sender, taken = queue
    bodies = [json.dumps({"manifest": "a+b é/%2F", "chunk": number}) for number in range(count)]
    sender.send(bodies)
    found: list[str] = []
    while len(found) < count:
        found += taken()
    assert sorted(found) == sorted(bodies)
    assert taken() == []


class _Refusing:
    """An SQS client that refuses some entries of every batch, so many times."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.sent: list[str] = []

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, object]:  # noqa: N803
        refused = Entries[:1] if self.times else []
        self.times -= bool(refused)
        taken = Entries[len(refused) :]
        self.sent += [entry["MessageBody"] for entry in taken]
        return {"Failed": [{"Id": entry["Id"]} for entry in refused]}


def test_refused_messages_are_sent_again_and_in_the_end_told() -> None:
    client = _Refusing(times=2)
    SqsQueue(client, "url").send(["a", "b", "c"])  # type: ignore[arg-type]
    assert sorted(client.sent) == ["a", "b", "c"]
    with pytest.raises(Unavailable, match="refused 5 times"):
        SqsQueue(_Refusing(times=99), "url").send(["a"])  # type: ignore[arg-type]


class _FailingS3:
    """An S3 client whose writes fail with one code, so many times."""

    def __init__(self, code: str, times: int) -> None:
        self.code, self.times = code, times

    def put_object(self, **_: object) -> None:
        if self.times:
            self.times -= 1
            raise ClientError({"Error": {"Code": self.code, "Message": ""}}, "PutObject")


@pytest.mark.parametrize(
    ("code", "times", "expected"),
    [("ConditionalRequestConflict", 2, True), ("PreconditionFailed", 1, False)],
)
def test_conflicts_are_tried_again(code: str, times: int, expected: bool) -> None:
    store = S3Store(_FailingS3(code, times))  # type: ignore[arg-type]
    assert store.create(Location("b", "k"), b"", "text/plain") is expected


def test_a_conflict_that_stays_is_told_and_other_faults_are_raised() -> None:
    with pytest.raises(Unavailable, match="busy"):
        S3Store(_FailingS3("ConditionalRequestConflict", 99)).create(  # type: ignore[arg-type]
            Location("b", "k"), b"", "text/plain"
        )
    with pytest.raises(ClientError):
        S3Store(_FailingS3("AccessDenied", 1)).create(Location("b", "k"), b"", "text/plain")  # type: ignore[arg-type]


def _notification(**changes: object) -> str:
    described = {"key": "a%2Bb+%C3%A9/c.csv", "size": 3, "eTag": "e", "versionId": "v", "sequencer": "0"}
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "drops"}, "object": described}}
    return json.dumps({"Records": [record | changes]})


def test_notifications_become_drops() -> None:
    assert list(drops_in(_notification())) == [Drop(Location("drops", "a+b é/c.csv", "v", "e"), 3)]
    assert list(drops_in(_notification(eventName="ObjectRemoved:Delete"))) == []
    assert list(drops_in(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}))) == []


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (lambda body: list(drops_in(body)), "{"),
        (lambda body: list(drops_in(body)), "[]"),
        (lambda body: list(drops_in(body)), '{"Records": 3}'),
        (lambda body: list(drops_in(body)), '{"Records": [{}]}'),
        (Task.from_json, "{}"),
        (Task.from_json, '{"manifest": 3, "chunk": 1}'),
    ],
)
def test_other_messages_are_refused(read: Callable[[str], object], body: str) -> None:
    with pytest.raises(MalformedBody):
        read(body)


def test_sizes_and_states_are_told(store: ObjectStore, bucket: str) -> None:
    where = Location(bucket, "key")
    assert store.size(where) is None
    store.create(where, b"12345", "text/plain")
    assert store.size(where) == 5


@pytest.mark.parametrize(
    "sizes", [[], [3], [0, 7, 0], [6 << 20, 3, 5 << 20, 1, 2], [1 << 20] * 13, [12 << 20, 1]]
)
def test_objects_are_joined_once(store: ObjectStore, bucket: str, sizes: list[int]) -> None:
    contents = [bytes([index + 65]) * size for index, size in enumerate(sizes)]
    pieces = []
    for index, content in enumerate(contents):
        part = Location(bucket, f"part-{index}")
        store.create(part, b"head" + content, "text/plain")
        pieces += [Piece(part, 4, 4 + len(content))] if content else []
    where = Location(bucket, "joined")
    assert store.join(where, b"first|", pieces, "text/csv")
    assert not store.join(where, b"other|", pieces, "text/csv")
    assert store.read(where, 0, 1 << 30) == b"first|" + b"".join(contents)


def test_a_state_that_is_gone_has_no_metadata(aws: str) -> None:
    s3, name = boto3.client("s3"), f"bucket-{uuid.uuid4().hex}"
    s3.create_bucket(Bucket=name)
    etag = s3.put_object(Bucket=name, Key="key", Body=b"old", Metadata={"onehandler": "{}"})["ETag"].strip(
        '"'
    )
    store = S3Store(s3)
    assert store.metadata(Location(name, "key", etag=etag)) == {"onehandler": "{}"}
    s3.put_object(Bucket=name, Key="key", Body=b"new")
    assert store.metadata(Location(name, "key", etag=etag)) is None
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=name, Key="key", Body=b"third", Metadata={"a": "b"})["VersionId"]
    s3.put_object(Bucket=name, Key="key", Body=b"fourth")
    assert store.metadata(Location(name, "key", version)) == {"a": "b"}
    s3.delete_object(Bucket=name, Key="key", VersionId=version)
    assert store.metadata(Location(name, "key", version)) is None
