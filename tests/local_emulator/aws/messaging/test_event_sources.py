"""Event source mappings through boto3 and the Lambda API, with functions played by a script."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION
from tests.local_emulator.aws.messaging.fakes import eventually, never

if TYPE_CHECKING:
    from tests.local_emulator.aws.messaging.conftest import Cloud


def make(cloud: Cloud, **parameters: Any) -> tuple[dict[str, Any], str]:
    """Create queue, function and mapping; gives the mapping and the queue's URL."""
    url, arn = cloud.queue("q")
    cloud.function("f")
    created = cloud.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName="f", **parameters
    )
    return created, url


def test_from_send_to_invocation_and_deletion(cloud: Cloud) -> None:
    created, url = make(cloud, BatchSize=5, FunctionResponseTypes=["ReportBatchItemFailures"])
    assert created["FunctionArn"] == f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
    assert (created["State"], created["BatchSize"]) == ("Enabled", 5)
    assert created["MaximumBatchingWindowInSeconds"] == 0
    attributes = {
        "b": {"DataType": "Binary", "BinaryValue": b"\xff"},
        "s": {"DataType": "String", "StringValue": "x"},
    }
    sent = cloud.client("sqs").send_message(QueueUrl=url, MessageBody="hello", MessageAttributes=attributes)
    eventually(lambda: cloud.runner.calls and cloud.counts(url) == (0, 0, 0))
    (call,) = cloud.runner.calls
    (record,) = call.event["Records"]
    assert record["messageAttributes"] == {
        "b": {"binaryValue": "/w==", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        "s": {"stringValue": "x", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
    }
    assert record["md5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert call.function.name == "f"
    shown = cloud.client("lambda").get_event_source_mapping(UUID=created["UUID"])
    assert shown["LastProcessingResult"] == "OK"


def test_update_list_and_delete(cloud: Cloud) -> None:
    created, url = make(cloud)
    client, uuid = cloud.client("lambda"), created["UUID"]
    updated = client.update_event_source_mapping(
        UUID=uuid,
        BatchSize=100,
        MaximumBatchingWindowInSeconds=1,
        ScalingConfig={"MaximumConcurrency": 2},
        Enabled=False,
    )
    assert (updated["State"], updated["BatchSize"]) == ("Disabled", 100)
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    never(lambda: cloud.runner.calls)
    client.update_event_source_mapping(UUID=uuid, Enabled=True)
    eventually(lambda: cloud.runner.calls)
    for parameters in ({"FunctionName": "f"}, {"FunctionName": created["FunctionArn"]}, {}):
        listed = client.list_event_source_mappings(**parameters)["EventSourceMappings"]
        assert [(each["UUID"], each["ScalingConfig"]) for each in listed] == [
            (uuid, {"MaximumConcurrency": 2})
        ]
    assert client.list_event_source_mappings(FunctionName="g")["EventSourceMappings"] == []
    assert client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    calls = len(cloud.runner.calls)
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="y")
    never(lambda: len(cloud.runner.calls) > calls)
    for call in (client.get_event_source_mapping, client.delete_event_source_mapping):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            call(UUID=uuid)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.update_event_source_mapping(UUID=uuid, BatchSize=1)


def test_settings_can_be_put_back(cloud: Cloud) -> None:
    pattern = {"Filters": [{"Pattern": '{"body": ["no"]}'}]}
    created, url = make(cloud, FilterCriteria=pattern, ScalingConfig={"MaximumConcurrency": 2})
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="filtered")
    eventually(lambda: cloud.counts(url) == (0, 0, 0))
    updated = cloud.client("lambda").update_event_source_mapping(
        UUID=created["UUID"], FilterCriteria={}, ScalingConfig={}, FunctionResponseTypes=[]
    )
    assert "FilterCriteria" not in updated
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="passes")
    eventually(lambda: cloud.runner.calls)
    assert cloud.runner.calls[0].bodies == ["passes"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"BatchSize": 11}, "Maximum batch window in seconds must be greater than 0"),
        ({"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 301}, "less than or equal to 300"),
        ({"ScalingConfig": {"MaximumConcurrency": 2}, "StartingPosition": "LATEST"}, "StartingPosition"),
        ({"BisectBatchOnFunctionError": True}, "BisectBatchOnFunctionError"),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition"),
    ],
)
def test_parameters_that_are_refused(cloud: Cloud, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        make(cloud, **parameters)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_the_visibility_timeout_must_cover_the_function(cloud: Cloud) -> None:
    _, arn = cloud.queue("short", VisibilityTimeout="5")
    cloud.function("slow", timeout=6)
    with pytest.raises(
        ClientError, match="Queue visibility timeout: 5 seconds is less than Function timeout: 6"
    ):
        cloud.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName="slow")


def test_one_mapping_for_a_queue_and_a_function(cloud: Cloud) -> None:
    created, _ = make(cloud)
    client = cloud.client("lambda")
    with pytest.raises(client.exceptions.ResourceConflictException, match=created["UUID"]):
        client.create_event_source_mapping(
            EventSourceArn=created["EventSourceArn"], FunctionName=created["FunctionArn"]
        )
    cloud.function("g")
    client.create_event_source_mapping(EventSourceArn=created["EventSourceArn"], FunctionName="g")


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s", "Kinesis streams are not supported"),
        (f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/t/stream/2026", "DynamoDB streams are not supported"),
        (f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c/1", r"Amazon MSK \(Kafka\) are not supported"),
        (f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:1", "Amazon MQ are not supported"),
        (f"arn:aws:sqs:{REGION}:{ACCOUNT}:q.fifo", "FIFO queues are not supported"),
        (f"arn:aws:s3:::{ACCOUNT}", "Unrecognized event source"),
    ],
)
def test_other_sources_are_refused_by_name(cloud: Cloud, arn: str, message: str) -> None:
    cloud.function("f")
    with pytest.raises(ClientError, match=message) as refused:
        cloud.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_missing_queue_and_a_missing_function(cloud: Cloud) -> None:
    client = cloud.client("lambda")
    _, arn = cloud.queue("q")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.create_event_source_mapping(EventSourceArn=arn, FunctionName="missing")
    cloud.function("f")
    with pytest.raises(ClientError, match="The specified queue does not exist"):
        client.create_event_source_mapping(EventSourceArn=f"{arn}-missing", FunctionName="f")


def test_an_alias_is_followed_when_it_moves(cloud: Cloud) -> None:
    url, arn = cloud.queue("q")
    cloud.function("f")
    client = cloud.client("lambda")
    for _ in range(2):
        client.publish_version(FunctionName="f")
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f:live")
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    eventually(lambda: cloud.runner.calls)
    assert cloud.runner.calls[0].function.version == "1"
    assert cloud.runner.calls[0].invocation.invoked_arn.endswith(":function:f:live")


def test_reserved_concurrency_is_passed_on(cloud: Cloud) -> None:
    url, arn = cloud.queue("q")
    cloud.function("f")
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=7)
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="f")
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    eventually(lambda: cloud.runner.calls)
    assert cloud.runner.calls[0].limit == 7


def test_sending_never_waits_for_the_function(cloud: Cloud) -> None:
    _, url = make(cloud)
    gate = threading.Event()
    cloud.runner.script = lambda call: gate.wait(10) and None
    for _ in range(3):
        cloud.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    eventually(lambda: cloud.runner.running)  # still, and every send has been answered
    gate.set()
    eventually(lambda: cloud.counts(url) == (0, 0, 0))
