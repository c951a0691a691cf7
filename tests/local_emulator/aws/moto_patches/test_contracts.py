"""One contract for each patch, met over the HTTP API, and not met without the patch."""

from __future__ import annotations

import gc
import json
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from local_emulator.aws.moto_patches.registry import PATCHES
from tests.local_emulator.aws.emulators import (
    ACCOUNT,
    RUNTIME,
    Running,
    collect_what_moto_left,
    control_plane,
    make_function,
    make_role,
    zipped,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def models_are_not_kept(running: Running) -> None:
    from moto.logs.models import LogEvent

    logs = running.client("logs")
    logs.create_log_group(logGroupName="g")
    logs.create_log_stream(logGroupName="g", logStreamName="s")
    logs.put_log_events(
        logGroupName="g", logStreamName="s", logEvents=[{"timestamp": _now_ms(), "message": "m"}] * 20
    )
    assert len(logs.get_log_events(logGroupName="g", logStreamName="s")["events"]) == 20
    assert LogEvent.instances_tracked == []


def advice_is_no_error_and_characters_survive(running: Running) -> None:
    cloudformation = running.client("cloudformation")
    bucket = {"Type": "AWS::S3::Bucket"}
    other = {
        "Type": "AWS::SQS::Queue",
        "DependsOn": "B",  # redundant: cfn-lint says W3005
        "Properties": {"QueueName": {"Ref": "B"}},
    }
    template = {"Description": "\U0001f600", "Resources": {"B": bucket, "Q": other}}
    body = json.dumps(template)
    assert "\\ud83d" in body
    cloudformation.validate_template(TemplateBody=body)
    cloudformation.create_stack(StackName="s", TemplateBody=body)
    assert cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Description"] == "\U0001f600"


def describing_leaves_out_what_is_not_deployed(running: Running) -> None:
    template = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "Here": {"Type": "AWS::SQS::Queue"},
            "NotHere": {"Type": "AWS::SQS::Queue", "Condition": "Never"},
        },
    }
    cloudformation = _deployed(running, template)
    here = cloudformation.describe_stack_resource(StackName="s", LogicalResourceId="Here")
    assert here["StackResourceDetail"]["ResourceType"] == "AWS::SQS::Queue"
    described = cloudformation.describe_stack_resources(StackName="s")["StackResources"]
    assert [item["LogicalResourceId"] for item in described] == ["Here"]
    with pytest.raises(ClientError, match="NotHere"):
        cloudformation.describe_stack_resource(StackName="s", LogicalResourceId="NotHere")


def a_failed_stack_is_rolled_back(running: Running) -> None:
    template = {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Function": {
                "Type": "AWS::Lambda::Function",
                "DependsOn": "Queue",
                "Properties": {"Role": "arn:aws:iam::123456789012:role/none", "Code": {"ZipFile": "pass"}},
            },
        }
    }
    cloudformation = _deployed(running, template)
    assert cloudformation.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "QueueUrls" not in running.client("sqs").list_queues()


def an_executed_change_set_refreshes_outputs(running: Running) -> None:
    queue = {"Type": "AWS::SQS::Queue"}
    cloudformation = _deployed(running, {"Resources": {"A": queue}})
    cloudformation.delete_change_set(StackName="s", ChangeSetName="never-made")
    changed = {"Resources": {"A": queue, "B": queue}, "Outputs": {"Url": {"Value": {"Ref": "B"}}}}
    cloudformation.create_change_set(
        StackName="s", ChangeSetName="c", ChangeSetType="UPDATE", TemplateBody=json.dumps(changed)
    )
    cloudformation.execute_change_set(StackName="s", ChangeSetName="c")
    outputs = cloudformation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    assert [output["OutputKey"] for output in outputs] == ["Url"]


def a_stage_can_be_updated_and_an_api_is_here(running: Running) -> None:
    gateway = running.client("apigatewayv2")
    api = gateway.create_api(Name="a", ProtocolType="HTTP")
    assert api["ApiEndpoint"].startswith(f"http://{api['ApiId']}.execute-api.localhost:")
    gateway.create_stage(ApiId=api["ApiId"], StageName="$default")
    gateway.update_stage(ApiId=api["ApiId"], StageName="$default", StageVariables={"colour": "blue"})
    stage = gateway.get_stage(ApiId=api["ApiId"], StageName="$default")
    assert stage["StageVariables"] == {"colour": "blue"}


def managed_policies_of_aws_can_be_attached(running: Running) -> None:
    make_role(running)
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    running.client("iam").attach_role_policy(RoleName="role", PolicyArn=arn)


def missing_code_is_told_and_versions_keep_theirs(running: Running) -> None:
    running.client("s3").create_bucket(Bucket="code")
    with pytest.raises(ClientError, match=r"InvalidParameterValueException.*NoSuchKey"):
        make_function(running, "lost", Code={"S3Bucket": "code", "S3Key": "nothing.zip"})


def a_function_has_five_layers_at_most(running: Running) -> None:
    functions = running.client("lambda")
    content = {"ZipFile": zipped(layer="x = 1")}
    arns = [
        functions.publish_layer_version(LayerName=f"layer{number}", Content=content)["LayerVersionArn"]
        for number in range(6)
    ]
    make_function(running, Layers=arns[:5])
    with pytest.raises(ClientError, match="Cannot reference more than 5 layers"):
        functions.update_function_configuration(FunctionName="f", Layers=arns)


def configuration_is_kept_and_checked(running: Running) -> None:
    make_function(running, Runtime="python3.13", SnapStart={"ApplyOn": "PublishedVersions"})
    functions = running.client("lambda")
    assert functions.get_function_configuration(FunctionName="f")["SnapStart"] == {
        "ApplyOn": "PublishedVersions",
        "OptimizationStatus": "Off",
    }
    changes = {"EphemeralStorage": {"Size": 1024}, "SnapStart": {"ApplyOn": "None"}}
    functions.update_function_configuration(FunctionName="f", **changes)
    configuration = functions.get_function_configuration(FunctionName="f")
    assert configuration["EphemeralStorage"] == {"Size": 1024}
    assert configuration["SnapStart"]["ApplyOn"] == "None"
    with pytest.raises(ClientError, match=f"nodejs22.x at 'runtime' is not supported.*{RUNTIME}"):
        make_function(running, "other", Runtime="nodejs22.x")


def version_numbers_are_never_used_again(running: Running) -> None:
    make_function(running, Publish=True)
    functions = running.client("lambda")
    for number, memory in ((2, 256), (3, 512)):
        functions.update_function_configuration(FunctionName="f", MemorySize=memory)
        assert functions.publish_version(FunctionName="f")["Version"] == str(number)
        functions.delete_function(FunctionName="f", Qualifier=str(number - 1))
    assert "arn:aws:lambda:us-east-1:123456789012:function:f:1" in running.execution.retired


def topics_hand_functions_their_events(running: Running) -> None:
    arn = make_function(running)["FunctionArn"]
    topics = running.client("sns")
    topic = topics.create_topic(Name="t")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    topics.publish(TopicArn=topic, Message="news")
    (function, payload), *others = running.execution.events
    assert (function.name, others) == ("f", [])
    assert json.loads(payload)["Records"][0]["Sns"]["Message"] == "news"


def function_urls_are_here(running: Running) -> None:
    make_function(running)
    functions = running.client("lambda")
    made = functions.create_function_url_config(FunctionName="f", AuthType="NONE")
    assert made["InvokeMode"] == "BUFFERED"
    url: str = functions.get_function_url_config(FunctionName="f")["FunctionUrl"]
    assert url.startswith("http://")
    assert ".lambda-url.localhost:" in url
    assert url.endswith("/")
    functions.update_function_url_config(FunctionName="f", InvokeMode="RESPONSE_STREAM")
    assert functions.get_function_url_config(FunctionName="f")["InvokeMode"] == "RESPONSE_STREAM"


def bucket_policies_have_their_conditions(running: Running) -> None:
    s3 = running.client("s3")
    s3.create_bucket(Bucket="bbb")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::bbb/*"}
    insecure = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="bbb", Policy=json.dumps({"Statement": [{**deny, **insecure}]}))
    s3.put_object(Bucket="bbb", Key="k", Body=b"v")
    s3.put_bucket_policy(Bucket="bbb", Policy=json.dumps({"Statement": [deny]}))
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="bbb", Key="k", Body=b"v")


def dropped_objects_go_quietly(running: Running) -> None:
    from moto.s3.models import s3_backends

    s3 = running.client("s3")
    s3.create_bucket(Bucket="bbb")
    s3.put_object(Bucket="bbb", Key="k", Body=b"v")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        dropped = s3_backends[ACCOUNT]["aws"].buckets.pop("bbb")
        dropped.itself = dropped  # only the collector finds it
        del dropped
        gc.collect()
    assert [str(each.message) for each in said if each.category is ResourceWarning] == []


def a_request_looks_through_no_folders(running: Running) -> None:
    """Audit hooks cannot be removed: this one forgets itself."""
    listed: list[str] = []
    watching = [True]

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "os.listdir" and str(arguments[0]).endswith("/moto"):
            listed.append(str(arguments[0]))

    client = running.client("sqs")
    client.list_queues()  # imports what it needs, which looks, too
    sys.addaudithook(note)
    try:
        client.list_queues()
    finally:
        watching.clear()
    assert listed == []


class _Watched:
    """An object's buffer that notes how much is read of it."""

    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer
        self.reads: list[int] = []

    def read(self, count: int = -1) -> Any:
        found = self.buffer.read(count)
        self.reads.append(len(found))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.buffer, name)


def a_range_is_all_that_is_read(running: Running) -> None:
    from moto.s3.models import s3_backends

    client = running.client("s3")
    client.create_bucket(Bucket="ranges")
    client.put_object(Bucket="ranges", Key="key", Body=b"0123456789" * 100)
    key: Any = s3_backends[ACCOUNT]["aws"].get_object("ranges", "key")
    watched = key._value_buffer = _Watched(key._value_buffer)
    found = client.get_object(Bucket="ranges", Key="key", Range="bytes=10-14")
    key._value_buffer = watched.buffer
    assert found["Body"].read() == b"01234"
    assert sum(watched.reads) == 5


def of_two_updates_at_once_none_is_lost(running: Running) -> None:
    from moto.dynamodb import models

    client, parse = running.client("dynamodb"), models.create_condition_expression_parser
    key = {"AttributeName": "id", "AttributeType": "S"}
    client.create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[key],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )

    def slowly(*arguments: Any) -> Any:
        time.sleep(0.3)  # after the item was looked at, before it is written
        return parse(*arguments)

    def add(_: int) -> None:
        client.update_item(
            TableName="t",
            Key={"id": {"S": "a"}},
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    models.create_condition_expression_parser = slowly
    try:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(add, range(2)))
    finally:
        models.create_condition_expression_parser = parse
    assert client.get_item(TableName="t", Key={"id": {"S": "a"}})["Item"]["n"] == {"N": "2"}


def schedules_that_never_fire_are_refused(running: Running) -> None:
    events = running.client("events")
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        events.put_rule(Name="r", ScheduleExpression="cron(99 * * * ? *)")
    events.put_rule(Name="r", ScheduleExpression="rate(1 day)")
    with pytest.raises(ClientError, match="not states"):
        events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:states:us-east-1:{ACCOUNT}:m:n"}])


CONTRACTS: dict[str, Callable[[Running], None]] = {
    "base-model-leak": models_are_not_kept,
    "cloudformation-change-sets": an_executed_change_set_refreshes_outputs,
    "cloudformation-resources": describing_leaves_out_what_is_not_deployed,
    "cloudformation-stacks": a_failed_stack_is_rolled_back,
    "cloudformation-templates": advice_is_no_error_and_characters_survive,
    "dynamodb-writes": of_two_updates_at_once_none_is_lost,
    "event-rules": schedules_that_never_fire_are_refused,
    "http-api": a_stage_can_be_updated_and_an_api_is_here,
    "iam-managed-policies": managed_policies_of_aws_can_be_attached,
    "lambda-code": missing_code_is_told_and_versions_keep_theirs,
    "lambda-configuration": configuration_is_kept_and_checked,
    "lambda-invocation": topics_hand_functions_their_events,
    "lambda-layers": a_function_has_five_layers_at_most,
    "lambda-urls": function_urls_are_here,
    "lambda-versions": version_numbers_are_never_used_again,
    "module-list": a_request_looks_through_no_folders,
    "s3-object-files": dropped_objects_go_quietly,
    "s3-policy-conditions": bucket_policies_have_their_conditions,
    "s3-ranges": a_range_is_all_that_is_read,
}


@pytest.mark.parametrize("name", [patch.name for patch in PATCHES])
def test_the_contract_is_met(name: str, tmp_path: Path) -> None:
    with control_plane(tmp_path) as running:
        CONTRACTS[name](running)


@pytest.mark.parametrize("name", [patch.name for patch in PATCHES])
@pytest.mark.filterwarnings("ignore")  # what moto says when it is left alone is not ours
def test_the_contract_is_not_met_without_the_patch(name: str, tmp_path: Path) -> None:
    others = [patch for patch in PATCHES if patch.name != name]
    failures = (AssertionError, ClientError, LookupError, ResponseParserError, ValueError)
    with control_plane(tmp_path, others) as running, pytest.raises(failures):
        _strictly(CONTRACTS[name], running)
    collect_what_moto_left()


def _strictly(contract: Callable[[Running], None], running: Running) -> None:
    """Run a contract; `pytest.raises` within it fails with an exception of its own."""
    try:
        contract(running)
    except pytest.fail.Exception as failure:
        raise AssertionError(str(failure)) from failure


def _deployed(running: Running, template: dict[str, Any]) -> Any:
    cloudformation = running.client("cloudformation")
    cloudformation.create_stack(StackName="s", TemplateBody=json.dumps(template))
    return cloudformation


def _now_ms() -> int:
    import time

    return int(time.time() * 1000)
