"""moto behind the real server: what boto3 and plain HTTP clients see."""

from __future__ import annotations

import hashlib
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import requests
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from local_emulator.aws.front.application import Front
from local_emulator.aws.front.control_plane import moto_account_of, moto_control_plane
from local_emulator.aws.front.wsgi import WsgiBridge
from local_emulator.http.limits import Limits
from local_emulator.http.server import HttpServer, listen
from tests.local_emulator.aws.front.aws import aws_client
from tests.local_emulator.wire import send

if TYPE_CHECKING:
    from collections.abc import Iterator

_MIB = 1024 * 1024
_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
)
_KEY = "a folder/ü+%2F file.csv"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    listener = listen(0)
    front = Front([], moto_control_plane(listener.getsockname()[1]))
    with HttpServer(listener, front, Limits(body_in_memory=2 * _MIB)) as server:
        yield server.port


@pytest.fixture(autouse=True)
def no_leaked_threads() -> None:
    """The module's server outlives single tests."""


@pytest.fixture
def s3(port: int) -> Iterator[Any]:
    made = aws_client("s3", port)
    yield made
    made.close()


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"front-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("size", [0, 1, 8 * _MIB])
def test_objects_go_in_and_come_out(s3: Any, bucket: str, size: int) -> None:
    data = os.urandom(size)
    metadata = {"plain": "1", "with_underscore": "2"}
    s3.put_object(Bucket=bucket, Key=_KEY, Body=data, Metadata=metadata)
    got = s3.get_object(Bucket=bucket, Key=_KEY)
    assert got["Body"].read() == data
    assert got["Metadata"] == metadata
    assert s3.head_object(Bucket=bucket, Key=_KEY)["ContentLength"] == size
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [_KEY]


def test_ranges_and_conditions(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="k", Range="bytes=2-4")["Body"].read() == b"234"
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="k", Body=b"again", IfNoneMatch="*")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="none")


def test_multipart_upload_and_parallel_download(s3: Any, bucket: str, tmp_path: Any) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(13 * _MIB))
    config = TransferConfig(multipart_threshold=5 * _MIB, multipart_chunksize=5 * _MIB)
    s3.upload_file(str(source), bucket, "big", Config=config)
    s3.download_file(bucket, "big", str(target), Config=config)
    digests = {hashlib.sha256(each.read_bytes()).hexdigest() for each in (source, target)}
    assert len(digests) == 1
    assert s3.head_object(Bucket=bucket, Key="big")["ETag"].endswith('-3"')


def test_presigned_urls(s3: Any, bucket: str) -> None:
    parameters = {"Bucket": bucket, "Key": _KEY}
    put = requests.put(s3.generate_presigned_url("put_object", parameters), data=b"by url", timeout=10)
    got = requests.get(s3.generate_presigned_url("get_object", parameters), timeout=10)
    assert (put.status_code, got.status_code, got.content) == (200, 200, b"by url")


def test_a_chunked_upload(s3: Any, bucket: str, port: int) -> None:
    url = s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "chunked"})
    blocks = (b"x" * 100_000 for _ in range(30))
    assert requests.put(url, data=blocks, timeout=10).status_code == 200
    assert s3.head_object(Bucket=bucket, Key="chunked")["ContentLength"] == 3_000_000


def test_virtual_hosts_name_buckets(s3: Any, bucket: str, port: int) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"value")
    host, signed = f"{bucket}.localhost:{port}", {"Authorization": _SIGNED}
    assert send(port, "GET", "/k", host=host).status == 403  # S3's own: the object is private
    reply = send(port, "GET", "/k", host=host, headers=signed)
    assert (reply.status, reply.body) == (200, b"value")


def test_moto_allows_no_origin_by_itself(s3: Any, bucket: str, port: int) -> None:
    reply = send(port, "GET", f"/{bucket}", headers={"Origin": "http://localhost:3000"})
    assert reply.status == 200
    assert reply.header("Access-Control-Allow-Origin") is None


def test_other_services_by_their_protocols(port: int) -> None:
    sqs, iam, dynamodb = (aws_client(name, port) for name in ("sqs", "iam", "dynamodb"))
    name = f"front-{uuid.uuid4()}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hello ü")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello ü"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]
    assert role["Arn"].endswith(name)
    assert isinstance(dynamodb.list_tables()["TableNames"], list)
    for each in (sqs, iam, dynamodb):
        each.close()


def test_sixteen_clients_at_once(port: int, bucket: str) -> None:
    def work(number: int) -> bytes:
        mine = aws_client("s3", port)
        for turn in range(5):
            mine.put_object(Bucket=bucket, Key=f"{number}", Body=f"{number}.{turn}".encode())
        body: bytes = mine.get_object(Bucket=bucket, Key=f"{number}")["Body"].read()
        mine.close()
        return body

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(work, range(16))) == [f"{number}.4".encode() for number in range(16)]


def test_a_failing_service_gives_no_traceback() -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise RuntimeError("secret detail")

    bridge = WsgiBridge(broken, 1, lambda head, environ: None)
    listener = listen(0)
    with HttpServer(listener, Front([], bridge)) as server:
        reply = send(server.port, "GET", "/")
    assert reply.status == 500
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body


class _Seen:
    """A WSGI application that answers with what it was given."""

    def __init__(self) -> None:
        self.environ: dict[str, Any] = {}
        self.closed = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.environ = environ
        environ["body"] = environ["wsgi.input"].read()
        write = start_response("201 Created", [("X-A", "b"), ("X-A", "c"), ("Content-Length", "999")])
        write(b"one ")
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield b"two"

    def close(self) -> None:
        self.closed = True


def test_the_bridge_speaks_wsgi() -> None:
    seen = _Seen()
    with HttpServer(listen(0), Front([], WsgiBridge(seen, 4566, lambda head, environ: None))) as server:
        headers = {"X-One": "1", "x-one": "2", "X_One": "3", "Content-Type": "a/b"}
        reply = send(server.port, "POST", "/a%2Fb%C3%BC?c=%20", headers=headers, body=b"body")
    assert (reply.status, reply.body, reply.headers.get_all("X-A")) == (201, b"one two", ["b", "c"])
    assert seen.closed
    wanted = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/a/b\xc3\xbc",
        "RAW_URI": "/a%2Fb%C3%BC?c=%20",
        "QUERY_STRING": "c=%20",
        "HTTP_X_ONE": "1,2",
        "CONTENT_TYPE": "a/b",
        "CONTENT_LENGTH": "4",
        "SERVER_PORT": "4566",
        "body": b"body",
    }
    assert {name: seen.environ[name] for name in wanted} == wanted


def test_an_unknown_access_key_belongs_to_the_default_account() -> None:
    assert moto_account_of("AKIAUNKNOWN") == "123456789012"


def test_a_foreign_host_never_reaches_moto(port: int) -> None:
    assert send(port, "GET", "/", host="s3.amazonaws.com").status == 403


def test_two_starts_of_a_response_are_an_error() -> None:
    def twice(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with HttpServer(listen(0), Front([], WsgiBridge(twice, 1, lambda head, environ: None))) as server:
        assert send(server.port, "GET", "/").status == 500
