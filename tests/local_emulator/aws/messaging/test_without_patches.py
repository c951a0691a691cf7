"""What the patches repair is really broken without them: else they, and their contracts, could go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from tests.local_emulator.aws.emulators import collect_what_moto_left
from tests.local_emulator.aws.front.aws import aws_client
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION
from tests.local_emulator.aws.messaging.conftest import Cloud
from tests.local_emulator.aws.messaging.fakes import ScriptedRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.messaging import Messaging


@pytest.fixture
def plain() -> Iterator[Cloud]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    nobody: Messaging | Any = None
    yield Cloud(server.get_host_and_port()[1], ScriptedRunner(), nobody)
    server.stop()
    moto_api_backend.reset()
    collect_what_moto_left()


def test_sqs_has_no_move_tasks_and_loses_the_source_of_dead_letters(plain: Cloud) -> None:
    sqs = plain.client("sqs")
    dead_url, dead_arn = plain.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, _ = plain.queue("q", RedrivePolicy=policy, VisibilityTimeout="0")
    with pytest.raises(ClientError):
        sqs.start_message_move_task(SourceArn=dead_arn)
    sqs.send_message(QueueUrl=url, MessageBody="x")
    for _ in range(2):
        sqs.receive_message(QueueUrl=url)
    (message,) = sqs.receive_message(QueueUrl=dead_url, MessageSystemAttributeNames=["All"])["Messages"]
    assert "DeadLetterQueueSourceArn" not in message["Attributes"]


def test_mappings_are_taken_unchecked_and_twice(plain: Cloud) -> None:
    _, arn = plain.queue("q", VisibilityTimeout="1")
    plain.function("f", timeout=3)
    client = aws_client("lambda", plain.port)
    for _ in range(2):
        client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", BatchSize=11)
    assert len(client.list_event_source_mappings()["EventSourceMappings"]) == 2


def test_a_second_invoke_configuration_is_lost(plain: Cloud) -> None:
    plain.function("f")
    client = plain.client("lambda")
    for retries in (2, 1):
        client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=retries)
    assert client.get_function_event_invoke_config(FunctionName="f")["MaximumRetryAttempts"] == 2


def test_s3_takes_any_destination_and_encodes_slashes(plain: Cloud) -> None:
    s3 = plain.client("s3")
    s3.create_bucket(Bucket="drops")
    url, arn = plain.queue("q")
    missing = f"arn:aws:sqs:{REGION}:{ACCOUNT}:missing"
    rules = [{"QueueArn": each, "Events": ["s3:ObjectCreated:*"]} for each in (missing, arn)]
    s3.put_bucket_notification_configuration(
        Bucket="drops", NotificationConfiguration={"QueueConfigurations": rules}
    )
    s3.put_object(Bucket="drops", Key="a/b", Body=b"x")
    messages = plain.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    item = json.loads(messages[-1]["Body"])["Records"][0]["s3"]["object"]
    assert item["key"] == "a%2Fb"
    assert "sequencer" not in item
