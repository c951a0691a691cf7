"""S3 event notifications through boto3, with functions played by a script."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.s3.models import FakeKey

from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION
from tests.local_emulator.aws.messaging.fakes import eventually

if TYPE_CHECKING:
    from tests.local_emulator.aws.messaging.conftest import Cloud

ALL = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


def bucket(cloud: Cloud, *, versioned: bool = False) -> str:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="drops")
    if versioned:
        s3.put_bucket_versioning(Bucket="drops", VersioningConfiguration={"Status": "Enabled"})
    return "drops"


def configure(cloud: Cloud, **configuration: Any) -> None:
    cloud.client("s3").put_bucket_notification_configuration(
        Bucket="drops", NotificationConfiguration=configuration
    )


def to_queue(arn: str, events: list[str] = ALL, **rules: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Id": "rule", "QueueArn": arn, "Events": events}
    if rules:
        filters = [{"Name": name, "Value": value} for name, value in rules.items()]
        made["Filter"] = {"Key": {"FilterRules": filters}}
    return made


def received(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    """Take every message; gives the parsed bodies."""
    sqs, found = cloud.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(each["Body"]) for each in messages]
    return found


def events(cloud: Cloud, url: str) -> list[tuple[str, dict[str, Any]]]:
    records = [each["Records"][0] for each in received(cloud, url) if "Records" in each]
    return [(each["eventName"], each["s3"]["object"]) for each in records]


def test_a_put_is_told_in_s3s_shape_after_a_test_event(cloud: Cloud) -> None:
    bucket(cloud)
    url, arn = cloud.queue("q")
    configure(cloud, QueueConfigurations=[to_queue(arn)])
    (test,) = received(cloud, url)
    assert (test["Service"], test["Event"], test["Bucket"]) == ("Amazon S3", "s3:TestEvent", "drops")
    cloud.client("s3").put_object(Bucket="drops", Key="in/ä b+c.csv", Body=b"12345")
    (message,) = received(cloud, url)
    (record,) = message["Records"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("eventTime"))
    ids = record.pop("responseElements")
    assert re.fullmatch("[0-9A-F]{16}", ids["x-amz-request-id"])
    assert set(ids) == {"x-amz-request-id", "x-amz-id-2"}
    sequencer = record["s3"]["object"].pop("sequencer")
    assert re.fullmatch("[0-9A-F]{18}", sequencer)
    owner = record["s3"]["bucket"].pop("ownerIdentity")
    assert set(owner) == {"principalId"}
    assert set(record.pop("userIdentity")) == {"principalId"}
    assert record == {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventName": "ObjectCreated:Put",
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "rule",
            "bucket": {"name": "drops", "arn": "arn:aws:s3:::drops"},
            "object": {
                "key": "in/%C3%A4+b%2Bc.csv",
                "size": 5,
                "eTag": "827ccb0eea8a706c4c34a16891f84e7b",
            },
        },
    }


def test_copy_post_and_multipart_are_told_once_each(cloud: Cloud) -> None:
    bucket(cloud)
    url, arn = cloud.queue("q")
    s3 = cloud.client("s3")
    s3.put_object(Bucket="drops", Key="a", Body=b"1")
    configure(cloud, QueueConfigurations=[to_queue(arn)])
    s3.copy_object(Bucket="drops", Key="b", CopySource="drops/a")
    upload = s3.create_multipart_upload(Bucket="drops", Key="c")["UploadId"]
    part = s3.upload_part(Bucket="drops", Key="c", UploadId=upload, PartNumber=1, Body=b"22")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="drops", Key="c", UploadId=upload, MultipartUpload=parts)
    s3.put_object(Bucket="drops", Key="c", Body=b"333")
    told = [(name, item["key"], item["size"]) for name, item in events(cloud, url)]
    assert told == [
        ("ObjectCreated:Copy", "b", 1),
        ("ObjectCreated:CompleteMultipartUpload", "c", 2),
        ("ObjectCreated:Put", "c", 3),
    ]


def test_post_from_a_form(cloud: Cloud) -> None:
    import requests

    bucket(cloud)
    url, arn = cloud.queue("q")
    configure(cloud, QueueConfigurations=[to_queue(arn)])
    form = cloud.client("s3").generate_presigned_post("drops", "from a form")
    answer = requests.post(form["url"], data=form["fields"], files={"file": b"4444"}, timeout=10)
    assert answer.status_code in (200, 204)
    told = [(name, item["key"], item["size"]) for name, item in events(cloud, url)]
    assert told == [("ObjectCreated:Post", "from+a+form", 4)]


def test_deletion_without_versions(cloud: Cloud) -> None:
    bucket(cloud)
    url, arn = cloud.queue("q")
    configure(cloud, QueueConfigurations=[to_queue(arn)])
    s3 = cloud.client("s3")
    for key in "ab":
        s3.put_object(Bucket="drops", Key=key, Body=b"")
    s3.delete_object(Bucket="drops", Key="a")
    s3.delete_objects(Bucket="drops", Delete={"Objects": [{"Key": "b"}]})
    told = events(cloud, url)[2:]
    assert [(name, item["key"]) for name, item in told] == [
        ("ObjectRemoved:Delete", "a"),
        ("ObjectRemoved:Delete", "b"),
    ]
    assert set(told[0][1]) == {"key", "sequencer"}


def test_versions_delete_markers_and_sequencers(cloud: Cloud) -> None:
    bucket(cloud, versioned=True)
    url, arn = cloud.queue("q")
    configure(cloud, QueueConfigurations=[to_queue(arn)])
    s3 = cloud.client("s3")
    versions = [s3.put_object(Bucket="drops", Key="a", Body=b"x")["VersionId"] for _ in range(2)]
    marker = s3.delete_object(Bucket="drops", Key="a")["VersionId"]
    s3.delete_object(Bucket="drops", Key="a", VersionId=versions[0])
    s3.delete_object(Bucket="drops", Key="a", VersionId="never-was")
    s3.delete_object(Bucket="drops", Key="a", VersionId=marker)
    told = events(cloud, url)
    assert [(name, item["versionId"]) for name, item in told] == [
        ("ObjectCreated:Put", versions[0]),
        ("ObjectCreated:Put", versions[1]),
        ("ObjectRemoved:DeleteMarkerCreated", marker),
        ("ObjectRemoved:Delete", versions[0]),
        ("ObjectRemoved:Delete", marker),
    ]
    assert told[2][1]["eTag"] == "d41d8cd98f00b204e9800998ecf8427e"
    sequencers = [item["sequencer"] for _, item in told]
    assert sequencers == sorted(set(sequencers))


def test_prefix_suffix_and_event_types_choose(cloud: Cloud) -> None:
    bucket(cloud)
    url, arn = cloud.queue("q")
    rule = to_queue(arn, ["s3:ObjectCreated:Put"], prefix="in/", suffix=".csv")
    configure(cloud, QueueConfigurations=[rule])
    s3 = cloud.client("s3")
    for key in ("in/a.csv", "in/a.txt", "out/a.csv", "in/sub/b.csv"):
        s3.put_object(Bucket="drops", Key=key, Body=b"x")
    s3.copy_object(Bucket="drops", Key="in/c.csv", CopySource="drops/in/a.csv")
    s3.delete_object(Bucket="drops", Key="in/a.csv")
    assert [item["key"] for _, item in events(cloud, url)] == ["in/a.csv", "in/sub/b.csv"]


def test_functions_are_invoked_asynchronously(cloud: Cloud) -> None:
    bucket(cloud)
    arn = cloud.function("f")
    rule = {"Id": "f", "LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    configure(cloud, LambdaFunctionConfigurations=[rule])
    gate = threading.Event()
    cloud.runner.script = lambda call: gate.wait(10) and None
    cloud.client("s3").put_object(Bucket="drops", Key="a", Body=b"x")
    eventually(lambda: cloud.runner.running)  # still: the upload did not wait for it
    gate.set()
    record = cloud.runner.calls[0].event["Records"][0]
    assert (record["s3"]["object"]["key"], record["s3"]["configurationId"]) == ("a", "f")


def test_whoever_is_told_finds_the_whole_object(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket(cloud)
    arn = cloud.function("f")
    rule = {"Id": "f", "LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    configure(cloud, LambdaFunctionConfigurations=[rule])
    found: list[Any] = []

    def look(call: Any) -> None:
        head = cloud.client("s3").head_object(Bucket="drops", Key="a")
        found.append((head["ContentType"], head["Metadata"]))

    set_metadata = FakeKey.set_metadata

    def set_slowly(*arguments: Any, **named: Any) -> None:
        time.sleep(0.2)  # what a busy machine may do
        set_metadata(*arguments, **named)

    monkeypatch.setattr(FakeKey, "set_metadata", set_slowly)
    cloud.runner.script = look
    cloud.client("s3").put_object(
        Bucket="drops", Key="a", Body=b"x", ContentType="text/csv", Metadata={"who": "me"}
    )
    eventually(lambda: found)
    assert found == [("text/csv", {"who": "me"})]


def test_topics_get_the_same_message(cloud: Cloud) -> None:
    bucket(cloud)
    sns = cloud.client("sns")
    url, arn = cloud.queue("q")
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    configure(cloud, TopicConfigurations=[{"Id": "t", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}])
    cloud.client("s3").put_object(Bucket="drops", Key="a", Body=b"x")
    test, told = received(cloud, url)
    assert test["Event"] == "s3:TestEvent"
    assert told["Records"][0]["s3"]["object"]["key"] == "a"


def test_a_deleted_queue_does_not_fail_the_upload(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    bucket(cloud)
    url, arn = cloud.queue("q")
    configure(cloud, QueueConfigurations=[to_queue(arn)])
    cloud.client("sqs").delete_queue(QueueUrl=url)
    cloud.client("s3").put_object(Bucket="drops", Key="a", Body=b"x")
    assert f"there is no queue {arn}" in caplog.text


def refused(cloud: Cloud, match: str, **configuration: Any) -> None:
    with pytest.raises(ClientError, match=match) as error:
        configure(cloud, **configuration)
    assert error.value.response["Error"]["Code"] == "InvalidArgument"
    held = cloud.client("s3").get_bucket_notification_configuration(Bucket="drops")
    assert not [name for name in held if name.endswith(("Configurations", "Configuration"))]


def test_configurations_that_are_refused(cloud: Cloud) -> None:
    bucket(cloud)
    _, arn = cloud.queue("q")
    _, fifo = cloud.queue("q.fifo", FifoQueue="true")
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:missing"
    rule = {"LambdaFunctionArn": function, "Events": ["s3:ObjectCreated:*"]}
    refused(cloud, "missing does not exist", LambdaFunctionConfigurations=[rule])
    refused(cloud, "Unable to validate", QueueConfigurations=[to_queue(f"{arn}-missing")])
    refused(cloud, "FIFO", QueueConfigurations=[to_queue(fifo)])
    refused(cloud, "region is not valid", QueueConfigurations=[to_queue(arn.replace(REGION, "eu-west-1"))])
    refused(cloud, "not supported", QueueConfigurations=[to_queue(arn, ["s3:LifecycleTransition"])])
    refused(cloud, "EventBridgeConfiguration is not supported", EventBridgeConfiguration={})
    one, other = to_queue(arn, prefix="in/"), {**to_queue(arn, prefix="in/a"), "Id": "other"}
    refused(cloud, "Configurations overlap", QueueConfigurations=[one, other])
    configure(cloud, QueueConfigurations=[one, {**to_queue(arn, prefix="out/"), "Id": "other"}])
    configure(cloud)


def test_the_region_of_the_record_is_the_buckets(cloud: Cloud) -> None:
    make: Any = boto3.client
    place = {"endpoint_url": f"http://127.0.0.1:{cloud.port}", "region_name": "eu-west-1"}
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    s3, sqs = make("s3", **place, **keys), make("sqs", **place, **keys)
    s3.create_bucket(Bucket="drops", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    rule = to_queue(f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q")
    s3.put_bucket_notification_configuration(
        Bucket="drops", NotificationConfiguration={"QueueConfigurations": [rule]}
    )
    s3.put_object(Bucket="drops", Key="a", Body=b"x")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(messages[1]["Body"])["Records"][0]["awsRegion"] == "eu-west-1"
