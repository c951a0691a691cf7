"""Batches sent past moto are answered, and kept, as moto does it."""

from __future__ import annotations

import http.client
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.composition import RunningParts
from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from local_emulator.aws.front.queue_lane import QueueLane
from local_emulator.aws.moto_patches.registry import PATCHES
from tests.local_emulator.aws.emulators import NoExecution, Running

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0"
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _entry(name: str = "a", body: Any = "x", **more: Any) -> dict[str, Any]:
    return {"Id": name, "MessageBody": body, **more}


CONTENTS: dict[str, Any] = {
    "one": {"Entries": [_entry()]},
    "ten": {"Entries": [_entry(f"id-{n}", f"{n} é \U0001f600") for n in range(10)]},
    "eleven": {"Entries": [_entry(f"id-{n}") for n in range(11)]},
    "none": {"Entries": []},
    "twice": {"Entries": [_entry(), _entry()]},
    "bad id": {"Entries": [_entry("a b")]},
    "empty body": {"Entries": [_entry(body="")]},
    "forbidden character": {"Entries": [_entry(body="\x01")]},
    "one of two is refused": {"Entries": [_entry(), _entry("b", "")]},
    "too long": {"Entries": [_entry(body="x" * 1_048_577)]},
    "too long together": {"Entries": [_entry(str(n), "x" * 300_000) for n in range(4)]},
    "delayed": {"Entries": [_entry(DelaySeconds=3)]},
    "attributes": {"Entries": [_entry(MessageAttributes={"k": {"DataType": "String", "StringValue": "v"}})]},
    "no queue": {"QueueUrl": "http://127.0.0.1/123456789012/nothing", "Entries": [_entry()]},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = EmulatorSettings(root=tmp_path_factory.mktemp("emulator"), port=0)
    with AwsEmulator(settings, RunningParts, PATCHES) as emulator:
        yield Running(emulator, NoExecution())


def _posted(running: Running, content: bytes) -> tuple[int, str, Any]:
    """Status, content type and content of the answer, with the same id for all messages."""
    port = int(running.emulator.endpoint_url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {
        "x-amz-target": "AmazonSQS.SendMessageBatch",
        "content-type": "application/x-amz-json-1.0",
        "authorization": _SIGNED,
    }
    try:
        connection.request("POST", "/", content, headers)
        response = connection.getresponse()
        answer = _ID.sub("ID", response.read().decode())
    finally:
        connection.close()
    return response.status, str(response.getheader("content-type")), json.loads(answer)


def _kept(client: Any, url: str) -> list[str]:
    found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get(
        "Messages", []
    )
    return sorted(message["Body"] for message in found)


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
@pytest.mark.parametrize("name", CONTENTS)
def test_both_ways_answer_alike(
    running: Running, monkeypatch: pytest.MonkeyPatch, name: str, fifo: bool
) -> None:
    client = running.client("sqs")
    found, kept = [], []
    for way in ("lane", "moto"):
        if way == "moto":
            monkeypatch.setattr(QueueLane, "answer", lambda lane, request: lane.otherwise.answer(request))
        attributes = {"FifoQueue": "true"} if fifo else {}
        queue = f"{name.replace(' ', '-')}{'.fifo' if fifo else ''}"
        url = client.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
        found.append(_posted(running, json.dumps({"QueueUrl": url, **CONTENTS[name]}).encode()))
        kept.append(_kept(client, url))
        client.delete_queue(QueueUrl=url)
    assert found[0] == found[1]
    assert kept[0] == kept[1]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'{"QueueUrl": 3, "Entries": 3}'])
def test_what_is_no_batch_is_motos_to_refuse(
    running: Running, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    port = int(running.emulator.endpoint_url.rpartition(":")[2])

    def status() -> int:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"x-amz-target": "AmazonSQS.SendMessageBatch", "authorization": _SIGNED}
        try:
            connection.request("POST", "/", content, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    by_lane = status()
    monkeypatch.setattr(QueueLane, "answer", lambda lane, request: lane.otherwise.answer(request))
    assert by_lane == status()


def test_plain_batches_do_go_past_moto(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    client = running.client("sqs")
    url = client.create_queue(QueueName="past")["QueueUrl"]
    asked: list[bytes] = []
    from moto.sqs.responses import SQSResponse

    monkeypatch.setattr(SQSResponse, "send_message_batch", lambda _: asked.append(b"moto"))
    answer = client.send_message_batch(QueueUrl=url, Entries=[_entry(), _entry("b", "y")])
    assert [each["Id"] for each in answer["Successful"]] == ["a", "b"]
    assert asked == []
    assert _kept(client, url) == ["x", "y"]
