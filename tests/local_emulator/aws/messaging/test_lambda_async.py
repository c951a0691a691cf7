"""Event invocations, their configuration and their destinations through boto3; functions follow a script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local_emulator.aws.moto_patches.lambda_async import invoke_config_of
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION, outcome, snapshot
from tests.local_emulator.aws.messaging.fakes import eventually

if TYPE_CHECKING:
    from tests.local_emulator.aws.messaging.conftest import Cloud


def destinations(success: str = "", failure: str = "") -> dict[str, Any]:
    found = {"OnSuccess": success, "OnFailure": failure}
    return {name: {"Destination": arn} for name, arn in found.items() if arn}


def message(cloud: Cloud, url: str) -> dict[str, Any]:
    sqs, found = cloud.client("sqs"), []
    eventually(
        lambda: (
            found.extend(sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", []))
            or found
        )
    )
    return dict(found[0])


def enqueue(cloud: Cloud, event: Any) -> None:
    """What the Invoke API does with an Event; its own lane is in front of moto, which is not here."""
    cloud.messaging.async_invoker.enqueue(snapshot("f"), json.dumps(event).encode(), "request-1")


def test_failures_end_in_a_queue_after_retries(cloud: Cloud) -> None:
    cloud.function("f")
    url, arn = cloud.queue("q")
    cloud.client("lambda").put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=1, DestinationConfig=destinations(failure=arn)
    )
    cloud.runner.script = lambda call: outcome({"errorMessage": "no"}, error="Unhandled")
    enqueue(cloud, {"a": 1})
    record = json.loads(message(cloud, url)["Body"])
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestPayload"] == {"a": 1}
    assert len(cloud.runner.calls) == 2


def test_success_goes_to_a_topic_and_to_an_event_bus(cloud: Cloud) -> None:
    cloud.function("f")
    sns, events, client = cloud.client("sns"), cloud.client("events"), cloud.client("lambda")
    url, arn = cloud.queue("q")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    client.put_function_event_invoke_config(FunctionName="f", DestinationConfig=destinations(topic))
    cloud.runner.script = lambda call: {"ok": True}
    enqueue(cloud, 1)
    assert json.loads(message(cloud, url)["Body"])["responsePayload"] == {"ok": True}

    bus = events.create_event_bus(Name="bus")["EventBusArn"]
    pattern = {"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Success"]}
    events.put_rule(Name="r", EventBusName="bus", EventPattern=json.dumps(pattern))
    other_url, other = cloud.queue("other")
    events.put_targets(Rule="r", EventBusName="bus", Targets=[{"Id": "1", "Arn": other}])
    client.put_function_event_invoke_config(FunctionName="f", DestinationConfig=destinations(bus))
    enqueue(cloud, 2)
    told = json.loads(message(cloud, other_url)["Body"])
    assert told["detail"]["responsePayload"] == {"ok": True}
    assert told["resources"] == [bus, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:$LATEST"]


def test_dead_letters_come_with_their_attributes(cloud: Cloud) -> None:
    arn = cloud.function("f")
    url, queue = cloud.queue("q")
    # moto drops DeadLetterConfig; the patch that keeps it is another part's, and needs a whole emulator.
    from moto.awslambda.models import lambda_backends

    lambda_backends[ACCOUNT][REGION].get_function(arn).dead_letter_config = {"TargetArn": queue}
    cloud.client("lambda").put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    cloud.runner.script = lambda call: outcome({"errorMessage": "no"}, error="Unhandled")
    enqueue(cloud, {"a": 1})
    letter = message(cloud, url)
    assert letter["Body"] == '{"a": 1}'
    assert letter["MessageAttributes"] == {
        "RequestID": {"DataType": "String", "StringValue": "request-1"},
        "ErrorCode": {"DataType": "Number", "StringValue": "200"},
        "ErrorMessage": {"DataType": "String", "StringValue": "no"},
    }


def test_put_replaces_update_changes_and_delete_forgets(cloud: Cloud) -> None:
    cloud.function("f")
    client = cloud.client("lambda")
    _, arn = cloud.queue("q")
    client.put_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=60)
    client.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=1, DestinationConfig=destinations(arn, arn)
    )
    shown = client.get_function_event_invoke_config(FunctionName="f")
    assert "MaximumEventAgeInSeconds" not in shown
    client.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=120)
    found = invoke_config_of(snapshot("f"))
    assert (found.most_retries, found.longest_age_s) == (1, 120)
    assert (found.on_success, found.on_failure) == (arn, arn)
    client.delete_function_event_invoke_config(FunctionName="f")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_event_invoke_config(FunctionName="f")
    assert invoke_config_of(snapshot("f")).most_retries == 2
    assert invoke_config_of(snapshot("deleted")).most_retries == 2


@pytest.mark.parametrize(
    ("parameters", "match"),
    [
        ({"DestinationConfig": destinations("arn:aws:s3:::bucket")}, "is not supported by the emulator"),
        (
            {"DestinationConfig": destinations(f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f")},
            "destination for itself",
        ),
        ({"Qualifier": "live"}, "Qualifier live is not supported"),
    ],
)
def test_configurations_that_are_refused(cloud: Cloud, parameters: dict[str, Any], match: str) -> None:
    cloud.function("f")
    with pytest.raises(ClientError, match=match) as refused:
        cloud.client("lambda").put_function_event_invoke_config(FunctionName="f", **parameters)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
