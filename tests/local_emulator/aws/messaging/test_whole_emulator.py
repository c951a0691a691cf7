"""The same through a whole emulator: real functions, real HTTP, CloudFormation."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.asynchronous.ports import RetrySettings
from local_emulator.aws.composition import RunningParts
from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from local_emulator.aws.moto_patches.registry import PATCHES
from tests.local_emulator.aws.emulators import NoExecution, Running, make_function, zipped
from tests.local_emulator.aws.messaging.fakes import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

ARN = "arn:aws:{service}:us-east-1:123456789012:{name}"
CODE = """
import json, time

def batch(event, context):
    failed = [r["messageId"] for r in event["Records"] if "poison" in r["body"]]
    time.sleep(0.05)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

def fail(event, context):
    raise ValueError("no luck")

def echo(event, context):
    return event
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = EmulatorSettings(
        root=tmp_path_factory.mktemp("emulator"),
        port=0,
        retries=RetrySettings((0.05, 0.05), 0.05, 0.2),
    )
    with AwsEmulator(settings, RunningParts, PATCHES) as emulator:
        yield Running(emulator, NoExecution())
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("sqs-poller", "async-invocation", "sqs-move"))]


def queue(running: Running, name: str, **attributes: str) -> tuple[str, str]:
    url = running.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, ARN.format(service="sqs", name=name)


def counts(running: Running, url: str) -> tuple[int, int]:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = running.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return int(found[names[0]]), int(found[names[1]])


def function(running: Running, name: str, entry: str, **settings: Any) -> str:
    code = {"ZipFile": zipped(handler=CODE)}
    made = make_function(running, name, Handler=f"handler.{entry}", Code=code, **settings)
    arn: str = made["FunctionArn"]
    return arn


def take(running: Running, url: str) -> dict[str, Any]:
    answer = running.client("sqs").receive_message(
        QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )
    return dict(answer["Messages"][0])


def test_dropped_files_reach_a_function_and_poison_the_dead_letter_queue(running: Running) -> None:
    dead_url, dead_arn = queue(running, "drops-dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = queue(running, "drops", VisibilityTimeout="1", RedrivePolicy=policy)
    function(running, "batch", "batch", Timeout=1)
    running.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName="batch", FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    s3 = running.client("s3")
    s3.create_bucket(Bucket="drops")
    rule = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="drops", NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    for key in ("good/1.csv", "poison/2.csv", "good/3.csv"):
        s3.put_object(Bucket="drops", Key=key, Body=b"x")
    letter = take(running, dead_url)
    assert json.loads(letter["Body"])["Records"][0]["s3"]["object"]["key"] == "poison/2.csv"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn
    assert letter["Attributes"]["ApproximateReceiveCount"] == "3"
    assert counts(running, url) == (0, 0)
    assert counts(running, dead_url) == (0, 1)


def test_event_invocations_are_retried_and_told_to_both(running: Running) -> None:
    told_url, told_arn = queue(running, "told")
    letters_url, letters_arn = queue(running, "letters")
    arn = function(running, "fail", "fail", DeadLetterConfig={"TargetArn": letters_arn})
    client = running.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName="fail", DestinationConfig={"OnFailure": {"Destination": told_arn}}
    )
    answer = client.invoke(FunctionName="fail", InvocationType="Event", Payload=b'{"n": 1}')
    assert answer["StatusCode"] == 202
    record = json.loads(take(running, told_url)["Body"])
    assert record["requestContext"] == {
        "requestId": answer["ResponseMetadata"]["RequestId"],
        "functionArn": f"{arn}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["responsePayload"]["errorMessage"] == "no luck"
    letter = take(running, letters_url)
    assert letter["Body"] == '{"n": 1}'
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no luck"
    assert letter["MessageAttributes"]["RequestID"]["StringValue"] == record["requestContext"]["requestId"]


def test_a_bucket_invokes_a_function_whose_success_is_told(running: Running) -> None:
    url, arn = queue(running, "echoed")
    echo = function(running, "echo", "echo")
    running.client("lambda").put_function_event_invoke_config(
        FunctionName="echo", DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    s3 = running.client("s3")
    s3.create_bucket(Bucket="direct")
    rule = {"LambdaFunctionArn": echo, "Events": ["s3:ObjectCreated:Put"]}
    s3.put_bucket_notification_configuration(
        Bucket="direct", NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )
    s3.put_object(Bucket="direct", Key="a b/c.csv", Body=b"x")
    record = json.loads(take(running, url)["Body"])
    assert record["responsePayload"]["Records"][0]["s3"]["object"]["key"] == "a+b/c.csv"


def test_reserved_concurrency_of_one_slows_down_and_loses_nothing(running: Running) -> None:
    url, arn = queue(running, "many")
    function(running, "one-at-a-time", "batch")
    client = running.client("lambda")
    client.put_function_concurrency(FunctionName="one-at-a-time", ReservedConcurrentExecutions=1)
    for number in range(20):
        running.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="one-at-a-time", BatchSize=1)
    eventually(lambda: counts(running, url) == (0, 0), 30)


def test_cloudformation_leads_to_the_same_mappings(running: Running) -> None:
    url, arn = queue(running, "stacked")
    function(running, "stacked", "batch")
    stacks, client = running.client("cloudformation"), running.client("lambda")

    def template(**properties: Any) -> str:
        fixed = {"EventSourceArn": arn, "FunctionName": "stacked", **properties}
        resource = {"Type": "AWS::Lambda::EventSourceMapping", "Properties": fixed}
        return json.dumps({"Resources": {"Mapping": resource}})

    stacks.create_stack(StackName="stack", TemplateBody=template(BatchSize=3, Enabled=False))
    (mapping,) = client.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["State"]) == (3, "Disabled")
    running.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    assert counts(running, url) == (1, 0)
    stacks.update_stack(
        StackName="stack", TemplateBody=template(ScalingConfig={"MaximumConcurrency": 2}, BatchSize=4)
    )
    eventually(lambda: counts(running, url) == (0, 0))
    updated = client.get_event_source_mapping(UUID=mapping["UUID"])
    assert (updated["BatchSize"], updated["ScalingConfig"]) == (4, {"MaximumConcurrency": 2})
    stacks.delete_stack(StackName="stack")
    assert client.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"] == []
