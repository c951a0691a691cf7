"""SQS through boto3, HTTP and moto's parsers, over our store."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from tests.local_emulator.aws.messaging.fakes import eventually

if TYPE_CHECKING:
    from tests.local_emulator.aws.messaging.conftest import Cloud

MIB = 1_048_576


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_message_with_everything(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q")
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="héllo",
        MessageAttributes={
            "a.text": {"DataType": "String", "StringValue": "x"},
            "a.bytes": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
            "number": {"DataType": "Number", "StringValue": "7"},
        },
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
    )
    assert sent["MD5OfMessageBody"] == hashlib.md5("héllo".encode()).hexdigest()
    (message,) = sqs.receive_message(
        QueueUrl=url,
        MessageAttributeNames=["a.*"],
        MessageSystemAttributeNames=["AWSTraceHeader", "ApproximateReceiveCount"],
    )["Messages"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "héllo"
    assert message["Attributes"] == {"AWSTraceHeader": "Root=1", "ApproximateReceiveCount": "1"}
    assert message["MessageAttributes"] == {
        "a.text": {"DataType": "String", "StringValue": "x"},
        "a.bytes": {"DataType": "Binary.png", "BinaryValue": b"\x00\xff"},
    }
    assert cloud.counts(url) == (0, 1, 0)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert cloud.counts(url) == (0, 0, 0)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_all_message_attributes_have_the_digest_of_the_send(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q")
    attributes = {"n": {"DataType": "Number", "StringValue": "1493147359900"}}
    sent = sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes=attributes)
    (message,) = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"]
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert set(message["Attributes"]) == {
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
    }


def test_batches_answer_entry_by_entry(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q", MaximumMessageSize="1024")
    answer = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "ok", "MessageBody": "x"},
            {"Id": "late", "MessageBody": "y", "DelaySeconds": 901},
            {"Id": "long", "MessageBody": "z" * 1025},
        ],
    )
    assert [each["Id"] for each in answer["Successful"]] == ["ok"]
    assert [(each["Id"], each["Code"], each["SenderFault"]) for each in answer["Failed"]] == [
        ("late", "InvalidParameterValue", True),
        ("long", "InvalidParameterValue", True),
    ]
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    handle = message["ReceiptHandle"]
    changed = sqs.change_message_visibility_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0},
            {"Id": "b", "ReceiptHandle": "nonsense", "VisibilityTimeout": 0},
            {"Id": "c", "ReceiptHandle": handle, "VisibilityTimeout": 43201},
        ],
    )
    assert [each["Id"] for each in changed["Successful"]] == ["a"]
    assert [each["Code"] for each in changed["Failed"]] == ["ReceiptHandleIsInvalid", "InvalidParameterValue"]
    deleted = sqs.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": handle}, {"Id": "b", "ReceiptHandle": "nonsense"}]
    )
    assert [each["Id"] for each in deleted["Successful"]] == ["a"]
    assert [each["Code"] for each in deleted["Failed"]] == ["ReceiptHandleIsInvalid"]
    assert cloud.counts(url) == (0, 0, 0)


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ([("a", "x"), ("a", "y")], "BatchEntryIdsNotDistinct"),
        ([(str(n), "x") for n in range(11)], "TooManyEntriesInBatchRequest"),
        ([("a b", "x")], "InvalidBatchEntryId"),
        ([("a", "é" * (MIB // 4)), ("b", "é" * (MIB // 4 + 1))], "BatchRequestTooLong"),
    ],
)
def test_batches_that_are_refused_as_a_whole(cloud: Cloud, entries: list[tuple[str, str]], code: str) -> None:
    url, _ = cloud.queue("q")
    with pytest.raises(ClientError) as refused:
        cloud.client("sqs").send_message_batch(
            QueueUrl=url, Entries=[{"Id": name, "MessageBody": body} for name, body in entries]
        )
    assert code in code_of(refused)
    assert cloud.counts(url) == (0, 0, 0)


def test_errors_have_the_codes_of_sqs(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    with pytest.raises(sqs.exceptions.MessageNotInflight):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid):
        sqs.delete_message(QueueUrl=url, ReceiptHandle="nonsense")
    with pytest.raises(ClientError, match="MessageDeduplicationId is invalid"):
        sqs.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="d")
    with pytest.raises(sqs.exceptions.InvalidMessageContents):
        sqs.send_message(QueueUrl=url, MessageBody="\x00")
    with pytest.raises(ClientError, match="shorter than 1048576 bytes") as refused:
        sqs.send_message(QueueUrl=url, MessageBody="é" * (MIB // 2) + "x")
    assert code_of(refused) == "InvalidParameterValue"
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=url)


def test_a_long_poll_over_http_ends_with_the_first_message_or_the_queue(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q", ReceiveMessageWaitTimeSeconds="20")
    answers: list[object] = []

    def poll() -> None:
        try:
            answers.append(cloud.client("sqs").receive_message(QueueUrl=url).get("Messages"))
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(0.2)
    assert answers == []
    sqs.send_message(QueueUrl=url, MessageBody="x")
    thread.join(5)
    assert len(answers) == 1
    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(0.2)
    sqs.delete_queue(QueueUrl=url)
    thread.join(5)
    assert answers[1] == "AWS.SimpleQueueService.NonExistentQueue"


def test_redrive_and_move_back(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    dead_url, dead_arn = cloud.queue("dead")
    policy = f'{{"deadLetterTargetArn": "{dead_arn}", "maxReceiveCount": "1"}}'
    url, arn = cloud.queue("q", RedrivePolicy=policy, VisibilityTimeout="0")
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (message,) = sqs.receive_message(
        QueueUrl=dead_url, MessageSystemAttributeNames=["All"], VisibilityTimeout=0
    )["Messages"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == arn
    assert message["Attributes"]["ApproximateReceiveCount"] == "2"
    with pytest.raises(ClientError, match="must be configured as a Dead Letter Queue"):
        sqs.start_message_move_task(SourceArn=arn)
    with pytest.raises(sqs.exceptions.ResourceNotFoundException):
        sqs.start_message_move_task(SourceArn=dead_arn, DestinationArn=f"{arn}-missing")
    assert sqs.start_message_move_task(SourceArn=dead_arn)["TaskHandle"]
    eventually(lambda: cloud.counts(url) == (1, 0, 0))
    (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
    assert "TaskHandle" not in task
    with pytest.raises(sqs.exceptions.ResourceNotFoundException):
        sqs.cancel_message_move_task(TaskHandle="nonsense")


def test_cancelling_a_slow_move(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    dead_url, dead_arn = cloud.queue("dead")
    policy = f'{{"deadLetterTargetArn": "{dead_arn}", "maxReceiveCount": "1"}}'
    url, arn = cloud.queue("q", RedrivePolicy=policy)
    for number in range(3):
        sqs.send_message(QueueUrl=dead_url, MessageBody=str(number))
    handle = sqs.start_message_move_task(
        SourceArn=dead_arn, DestinationArn=arn, MaxNumberOfMessagesPerSecond=1
    )["TaskHandle"]
    eventually(lambda: cloud.counts(url)[0] == 1)
    (task,) = sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"]
    assert task["TaskHandle"] == handle
    assert sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"] == 1
    eventually(lambda: sqs.list_message_move_tasks(SourceArn=dead_arn)["Results"][0]["Status"] == "CANCELLED")
    assert cloud.counts(dead_url) == (2, 0, 0)


def test_purge_and_changed_attributes_take_effect_at_once(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "60"})
    sqs.send_message(QueueUrl=url, MessageBody="later")
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    assert cloud.counts(url) == (1, 0, 1)
    sqs.purge_queue(QueueUrl=url)
    assert cloud.counts(url) == (0, 0, 0)


def test_a_queue_of_the_same_name_starts_empty(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q")
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.delete_queue(QueueUrl=url)
    assert cloud.counts(cloud.queue("q")[0]) == (0, 0, 0)


def test_fifo_queues_work_as_moto_has_them(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    url, _ = cloud.queue("q.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    for body in ("a", "b", "a"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    assert cloud.counts(url) == (2, 0, 0)
    first = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)["Messages"]
    assert [each["Body"] for each in first] == ["a"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)  # the group is being worked on
    sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "0", "ReceiptHandle": first[0]["ReceiptHandle"]}])
    second = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)["Messages"]
    assert [each["Body"] for each in second] == ["b"]
    sqs.purge_queue(QueueUrl=url)
    assert cloud.counts(url) == (0, 0, 0)


def test_many_clients_lose_and_double_nothing(cloud: Cloud) -> None:
    url, _ = cloud.queue("q")
    total, seen, lock = 200, [], threading.Lock()
    sqs = cloud.client("sqs")
    for start in range(0, total, 10):
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def consume() -> None:
        client = cloud.client("sqs")
        while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            with lock:
                seen.extend(each["Body"] for each in messages)
            client.delete_message_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(messages)
                ],
            )

    threads = [threading.Thread(target=consume) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(seen, key=int) == [str(n) for n in range(total)]
    assert cloud.counts(url) == (0, 0, 0)


def test_sns_delivers_to_a_queue(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    url, arn = cloud.queue("q")
    topic = sns.create_topic(Name="t")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    attributes = {"kind": {"DataType": "String", "StringValue": "k"}}
    sns.publish(TopicArn=topic, Message="hello", MessageAttributes=attributes)
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert (message["Body"], message["MessageAttributes"]) == ("hello", attributes)
