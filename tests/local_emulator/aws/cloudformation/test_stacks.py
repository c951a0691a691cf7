"""Whole stacks: change sets, outputs, exports, rollbacks, refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local_emulator.aws.cloudformation.stacks import TestedStack
from tests.local_emulator.aws.emulators import RUNTIME

if TYPE_CHECKING:
    from tests.local_emulator.aws.emulators import Running

QUEUE = {"Type": "AWS::SQS::Queue"}
NO_ROLE: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Role": "arn:aws:iam::123456789012:role/none",
        "Runtime": RUNTIME,
        "Handler": "index.f",
        "Code": {"ZipFile": "def f(event, context): pass"},
    },
}


def test_a_failed_creation_says_which_and_why(stack: TestedStack) -> None:
    template = {"Resources": {"Queue": QUEUE, "Broken": {**NO_ROLE, "DependsOn": "Queue"}}}
    assert stack.deploy(template) == "ROLLBACK_COMPLETE"
    [(name, status, reason)] = stack.failures()
    assert (name, status) == ("Broken", "CREATE_FAILED")
    assert "role defined for the function cannot be assumed by Lambda" in reason
    assert "Operation: CreateFunction, Status Code: 400" in reason
    assert [event[1] for event in stack.events() if event[0] == "Queue"] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE state and can not be updated"):
        stack.deploy({"Resources": {"Queue": QUEUE}})


def test_a_failed_update_goes_back(stack: TestedStack) -> None:
    outputs = {"Url": {"Value": {"Ref": "Queue"}}}
    stack.deploy({"Resources": {"Queue": QUEUE}, "Outputs": outputs})
    before = stack.outputs()
    changed = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 99}}
    status = stack.deploy({"Resources": {"Queue": changed, "Broken": {**NO_ROLE, "DependsOn": "Queue"}}})
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.outputs() == before
    attributes = stack.running.client("sqs").get_queue_attributes(
        QueueUrl=before["Url"], AttributeNames=["VisibilityTimeout"]
    )["Attributes"]
    assert attributes == {"VisibilityTimeout": "30"}
    assert stack.deploy({"Resources": {"Queue": changed}}) == "UPDATE_COMPLETE"


def test_unsupported_types_are_named_before_anything_is_created(stack: TestedStack) -> None:
    template = {"Resources": {"Queue": QUEUE, "X": {"Type": "AWS::ApiGatewayV2::Apii"}}}
    with pytest.raises(
        ClientError, match=r"\[AWS::ApiGatewayV2::Apii\]: not supported.*AWS::ApiGatewayV2::Api"
    ):
        stack.deploy(template)
    with pytest.raises(ClientError, match="does not exist"):
        stack.describe()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({"Resources": {}}, "At least one Resources member"),
        (
            {"Resources": {"A": {**QUEUE, "Properties": {"Tags": {"Ref": "Nobody"}}}}},
            r"dependencies \[Nobody\]",
        ),
        (
            {"Resources": {"A": QUEUE}, "Outputs": {"O": {"Value": {"Ref": "B"}}}},
            r"\[B\] in the Outputs block",
        ),
        (
            {"Resources": {name: {**QUEUE, "DependsOn": other} for name, other in ("AB", "BA")}},
            "Circular dependency",
        ),
    ],
)
def test_templates_that_cannot_work_are_refused(
    stack: TestedStack, template: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        stack.deploy(template)


def test_unsupported_properties_are_named(stack: TestedStack) -> None:
    template = {"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"WebsiteConfiguration": {}}}}}
    assert stack.deploy(template) == "ROLLBACK_COMPLETE"
    assert "property WebsiteConfiguration is not supported by the emulator" in stack.failures()[0][2]


def test_parameters_conditions_and_functions(stack: TestedStack) -> None:
    template: dict[str, Any] = {
        "Parameters": {"Seconds": {"Type": "Number", "Default": 5}, "Second": {"Type": "String"}},
        "Conditions": {"Two": {"Fn::Equals": [{"Ref": "Second"}, "yes"]}},
        "Resources": {
            "One": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Seconds"}}},
            "Two": {"Type": "AWS::SQS::Queue", "Condition": "Two"},
        },
        "Outputs": {
            "Name": {
                "Value": {"Fn::Sub": ["${n}@${AWS::Region}", {"n": {"Fn::GetAtt": ["One", "QueueName"]}}]}
            },
            "Two": {"Condition": "Two", "Value": {"Ref": "Two"}},
        },
    }
    assert stack.deploy(template, {"Second": "no"}) == "CREATE_COMPLETE"
    assert stack.outputs()["Name"].endswith("@us-east-1")
    assert set(stack.physical_ids()) == {"One"}
    assert stack.deploy(template, {"Second": "yes", "Seconds": "7"}) == "UPDATE_COMPLETE"
    assert set(stack.outputs()) == {"Name", "Two"}
    url = stack.physical_ids()["One"]
    client = stack.running.client("sqs")
    attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes == {"DelaySeconds": "7"}
    assert stack.deploy(template, {"Second": "no"}) == "UPDATE_COMPLETE"
    assert set(stack.physical_ids()) == {"One"}


def test_a_change_set_without_changes_says_so(stack: TestedStack) -> None:
    template = {"Resources": {"Queue": QUEUE}}
    stack.deploy(template)
    stack.client.create_change_set(
        StackName=stack.name, ChangeSetName="same", ChangeSetType="UPDATE", TemplateBody=json.dumps(template)
    )
    described = stack.client.describe_change_set(StackName=stack.name, ChangeSetName="same")
    assert described["Status"] == "FAILED"
    assert "didn't contain changes" in described["StatusReason"]
    with pytest.raises(ClientError, match="No updates are to be performed"):
        stack.client.update_stack(StackName=stack.name, TemplateBody=json.dumps(template))


def test_stacks_with_change_sets_of_one_name_are_not_mixed(running: Running) -> None:
    one, two = TestedStack(running, "mixed-one"), TestedStack(running, "mixed-two")
    one.deploy({"Resources": {"One": QUEUE}})
    two.deploy({"Resources": {"Two": QUEUE}})
    found = one.client.describe_change_set(StackName="mixed-one", ChangeSetName="deploy")
    assert found["StackName"] == "mixed-one"
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        one.client.describe_change_set(StackName="mixed-one", ChangeSetName="other")


def test_exports_are_imported_and_unique(running: Running) -> None:
    giver, taker = TestedStack(running, "giver"), TestedStack(running, "taker")
    export = {"Export": {"Name": "the-queue"}, "Value": {"Fn::GetAtt": ["Queue", "QueueName"]}}
    giver.deploy({"Resources": {"Queue": QUEUE}, "Outputs": {"Name": export}})
    imported = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "copy-of-it"}}}
    outputs = {"Given": {"Value": {"Fn::ImportValue": "the-queue"}}}
    assert taker.deploy({"Resources": {"Q": imported}, "Outputs": outputs}) == "CREATE_COMPLETE"
    assert taker.outputs()["Given"] == giver.outputs()["Name"]
    thief = TestedStack(running, "thief")
    assert thief.deploy({"Resources": {"Queue": QUEUE}, "Outputs": {"Name": export}}) == "ROLLBACK_COMPLETE"
    assert any("already exported by another stack" in reason for _, _, reason in thief.events())
    assert giver.delete() == "DELETE_COMPLETE"
    assert giver.client.list_exports()["Exports"] == []


def test_a_bucket_that_is_not_empty_fails_the_deletion(stack: TestedStack) -> None:
    bucket = stack.deploy_resources(Bucket={"Type": "AWS::S3::Bucket"}, Queue=QUEUE)["Bucket"]
    s3 = stack.running.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"v")
    assert stack.delete() == "DELETE_FAILED"
    assert [name for name, _, reason in stack.failures() if "BucketNotEmpty" in reason] == ["Bucket"]
    assert set(stack.physical_ids()) == {"Bucket"}
    s3.delete_object(Bucket=bucket, Key="k")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_second_change_set_for_a_new_stack_makes_no_second_stack(stack: TestedStack) -> None:
    for name in ("first", "second"):
        stack.client.create_change_set(
            StackName=stack.name,
            ChangeSetName=name,
            ChangeSetType="CREATE",
            TemplateBody=json.dumps({"Resources": {"Queue": QUEUE}}),
        )
    found = [each for each in stack.client.describe_stacks()["Stacks"] if each["StackName"] == stack.name]
    assert [each["StackStatus"] for each in found] == ["REVIEW_IN_PROGRESS"]


def test_types_without_anything_to_do_are_accepted(
    stack: TestedStack, caplog: pytest.LogCaptureFixture
) -> None:
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": "{}"}}
    stack.deploy_resources(Dashboard=dashboard)
    assert "AWS::CloudWatch::Dashboard is accepted and does nothing" in caplog.text
    assert stack.delete() == "DELETE_COMPLETE"


def test_types_of_moto_are_deployed_by_moto(stack: TestedStack) -> None:
    topic = stack.deploy_resources(
        Topic={"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "d"}},
        Policy={
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Statement": []}},
        },
    )["Topic"]
    attributes = stack.running.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert json.loads(attributes["Policy"]) == {"Statement": []}
    assert stack.delete() == "DELETE_COMPLETE"
    assert topic not in str(stack.running.client("sns").list_topics()["Topics"])
