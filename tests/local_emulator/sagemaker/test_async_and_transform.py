"""Asynchronous endpoints and batch transform jobs, their input and output in S3."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.bundles import ROW
from tests.local_emulator.sagemaker.conftest import instance, settled, until

if TYPE_CHECKING:
    from tests.local_emulator.sagemaker.conftest import World

LINE = ",".join(map(str, ROW))


def put(world: World, key: str, content: str | bytes) -> str:
    world.client("s3").put_object(Bucket="files", Key=key, Body=content)
    return f"s3://files/{key}"


def content(world: World, uri: str) -> bytes | None:
    """The object, if it is there by now."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        found: bytes = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        return None
    return found


@pytest.fixture(scope="module")
def deferred(world: World) -> str:
    """An asynchronous endpoint that tells a queue, by two topics."""
    sns, sqs = world.client("sns"), world.client("sqs")
    queue = sqs.create_queue(QueueName="notices")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topics = {}
    for kind in ("SuccessTopic", "ErrorTopic"):
        topics[kind] = sns.create_topic(Name=kind)["TopicArn"]
        sns.subscribe(TopicArn=topics[kind], Protocol="sqs", Endpoint=arn)
    output = {
        "S3OutputPath": "s3://files/answers/",
        "S3FailurePath": "s3://files/failures/",
        "NotificationConfig": topics,
    }
    world.configure("deferred", instance("all", "iris-1"), AsyncInferenceConfig={"OutputConfig": output})
    assert world.endpoint("deferred", "deferred")["EndpointStatus"] == "InService"
    return "deferred"


def order(world: World, name: str, uri: str, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = world.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=name, InputLocation=uri, **{"ContentType": "text/csv", "Accept": "text/csv", **more}
    )
    return found


def notices(world: World) -> list[dict[str, Any]]:
    sqs = world.client("sqs")
    found = []
    queue = sqs.get_queue_url(QueueName="notices")["QueueUrl"]
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        found.append(json.loads(json.loads(message["Body"])["Message"]))
    return found


def test_an_answer_comes_to_s3_and_a_notice_to_the_topic(world: World, deferred: str) -> None:
    found = order(world, deferred, put(world, "rows.csv", f"{LINE}\n{LINE}\n"), InferenceId="mine")
    assert found["InferenceId"] == "mine"
    assert found["OutputLocation"].startswith("s3://files/answers/")
    until(lambda: content(world, found["OutputLocation"]) is not None)
    assert len((content(world, found["OutputLocation"]) or b"").splitlines()) == 2
    told: list[dict[str, Any]] = []
    until(lambda: bool(told.extend(notices(world)) or told))
    assert told[0]["invocationStatus"] == "Completed"
    assert told[0]["inferenceId"] == "mine"
    assert told[0]["responseParameters"]["outputLocation"] == found["OutputLocation"]


def test_a_failure_comes_to_its_own_place(world: World, deferred: str) -> None:
    found = order(world, deferred, put(world, "bad.csv", "1,2\n"))
    until(lambda: content(world, found["FailureLocation"]) is not None)
    assert found["FailureLocation"].startswith("s3://files/failures/")
    assert content(world, found["OutputLocation"]) is None
    told: list[dict[str, Any]] = []
    until(lambda: bool(told.extend(notices(world)) or told))
    assert told[0]["invocationStatus"] == "Failed"
    assert "400" in told[0]["failureReason"]


def test_an_input_that_is_not_there_is_a_failure(world: World, deferred: str) -> None:
    found = order(world, deferred, "s3://files/nothing.csv")
    until(lambda: content(world, found["FailureLocation"]) is not None)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"InvocationTimeoutSeconds": 4000}, "between 1 and 3600"),
        ({"RequestTTLSeconds": 90_000}, "between 1 and 86400"),
        ({"Filename": "x"}, "Filename"),
    ],
)
def test_terms_have_their_limits(more: dict[str, Any], says: str, world: World, deferred: str) -> None:
    with pytest.raises(ClientError, match=says):
        order(world, deferred, "s3://files/rows.csv", **more)


def test_other_endpoints_take_no_asynchronous_calls(world: World, iris: str) -> None:
    with pytest.raises(ClientError, match="not an asynchronous endpoint"):
        order(world, iris, "s3://files/rows.csv")


def transform(world: World, name: str, source: str, **more: Any) -> dict[str, Any]:
    """Run a job to its end; its description."""
    taken = {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
        "ContentType": "text/csv",
        "SplitType": "Line",
        **more.pop("TransformInput", {}),
    }
    given = {
        "S3OutputPath": f"s3://files/{name}",
        "Accept": "text/csv",
        "AssembleWith": "Line",
        **more.pop("TransformOutput", {}),
    }
    sagemaker = world.client("sagemaker")
    sagemaker.create_transform_job(
        TransformJobName=name,
        TransformInput=taken,
        TransformOutput=given,
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **{"ModelName": "iris-1", **more},
    )
    return described(world, name)


def described(world: World, name: str) -> dict[str, Any]:
    sagemaker = world.client("sagemaker")
    return settled(lambda: sagemaker.describe_transform_job(TransformJobName=name), "TransformJobStatus")


@pytest.mark.parametrize("strategy", ["MultiRecord", "SingleRecord"])
def test_a_job_answers_every_line_of_every_object(strategy: str, world: World) -> None:
    name = f"lines-{strategy.lower()}"
    put(world, f"{name}/in/a.csv", f"{LINE}\n" * 5)
    put(world, f"{name}/in/deep/b.csv", f"{LINE}\n" * 3)
    found = transform(
        world, name, f"s3://files/{name}/in/", BatchStrategy=strategy, MaxConcurrentTransforms=2
    )
    assert found["TransformJobStatus"] == "Completed", found
    assert len((content(world, f"s3://files/{name}/a.csv.out") or b"").splitlines()) == 5
    assert len((content(world, f"s3://files/{name}/deep/b.csv.out") or b"").splitlines()) == 3


def test_answers_are_joined_to_their_input_and_columns_are_left_out(world: World) -> None:
    lines = "".join(f"id-{number},{LINE}\n" for number in range(4))
    put(world, "joined/in.csv", lines)
    found = transform(
        world,
        "joined",
        "s3://files/joined/in.csv",
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert found["TransformJobStatus"] == "Completed", found
    written = (content(world, "s3://files/joined/in.csv.out") or b"").decode().splitlines()
    assert [line.split(",")[0] for line in written] == [f"id-{number}" for number in range(4)]
    assert {len(line.split(",")) for line in written} == {2}


def test_json_lines_are_joined_as_objects(world: World) -> None:
    names = ("sepal length", "sepal width", "petal length", "petal width")
    put(world, "objects/in.jsonl", json.dumps(dict(zip(names, ROW, strict=True))) + "\n")
    found = transform(
        world,
        "objects",
        "s3://files/objects/in.jsonl",
        TransformInput={"ContentType": "application/jsonlines"},
        TransformOutput={"Accept": "application/jsonlines"},
        DataProcessing={"JoinSource": "Input"},
    )
    assert found["TransformJobStatus"] == "Completed", found
    written = json.loads(content(world, "s3://files/objects/in.jsonl.out") or b"{}")
    assert written["sepal length"] == ROW[0]
    assert "SageMakerOutput" in written


def test_gzip_is_unpacked_and_whole_objects_go_as_they_are(world: World) -> None:
    put(world, "packed/in.csv.gz", gzip.compress(f"{LINE}\n{LINE}\n".encode()))
    found = transform(
        world,
        "packed",
        "s3://files/packed/",
        TransformInput={"SplitType": "None", "CompressionType": "Gzip"},
        TransformOutput={"AssembleWith": "None"},
    )
    assert found["TransformJobStatus"] == "Completed", found
    assert len((content(world, "s3://files/packed/in.csv.gz.out") or b"").splitlines()) == 2


@pytest.mark.parametrize(
    ("name", "body", "more", "says"),
    [
        ("refused", "1,2\n", {}, "See job logs"),
        ("nothing", None, {}, "No S3 objects found"),
        ("large", f"{'1' * (1024 * 1024 + 1)}\n", {"MaxPayloadInMB": 1}, "larger than MaxPayloadInMB"),
        ("no-gzip", f"{LINE}\n", {"TransformInput": {"CompressionType": "Gzip"}}, "not gzip"),
        ("recordio", f"{LINE}\n", {"TransformInput": {"SplitType": "RecordIO"}}, "SplitType RecordIO"),
        ("filter", f"{LINE}\n", {"DataProcessing": {"InputFilter": "$..x"}}, "filters"),
        ("column", f"{LINE}\n", {"DataProcessing": {"InputFilter": "$[9]"}}, "asks for another"),
    ],
)
def test_a_job_that_cannot_be_done_fails_and_says_why(
    name: str, body: str | None, more: dict[str, Any], says: str, world: World
) -> None:
    if body is not None:
        put(world, f"{name}/in.csv", body)
    found = transform(world, name, f"s3://files/{name}/", **more)
    assert found["TransformJobStatus"] == "Failed"
    assert says in found["FailureReason"]
    assert content(world, f"s3://files/{name}/in.csv.out") is None


def test_a_refusal_is_in_the_jobs_log(world: World) -> None:
    put(world, "logged/in.csv", "1,2\n")
    transform(world, "logged", "s3://files/logged/")
    events = world.client("logs").get_log_events(
        logGroupName="/aws/sagemaker/TransformJobs", logStreamName="logged/data-log"
    )["events"]
    assert "Bad HTTP status received from algorithm: 400" in events[0]["message"]


def test_a_job_can_be_stopped(world: World) -> None:
    put(world, "long/in.csv", f"{LINE}\n" * 20_000)
    sagemaker = world.client("sagemaker")
    sagemaker.create_transform_job(
        TransformJobName="long",
        ModelName="iris-1",
        BatchStrategy="SingleRecord",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://files/long/"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        TransformOutput={"S3OutputPath": "s3://files/long-out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    sagemaker.stop_transform_job(TransformJobName="long")
    assert described(world, "long")["TransformJobStatus"] == "Stopped"
    with pytest.raises(ClientError, match="Stopped"):
        sagemaker.stop_transform_job(TransformJobName="long")
    with pytest.raises(ClientError, match="Could not find"):
        sagemaker.stop_transform_job(TransformJobName="never")


def test_names_and_models_are_checked(world: World) -> None:
    put(world, "twice/in.csv", f"{LINE}\n")
    transform(world, "twice", "s3://files/twice/")
    with pytest.raises(ClientError, match="unique"):
        transform(world, "twice", "s3://files/twice/")
    with pytest.raises(ClientError, match="Could not find model"):
        transform(world, "no-model", "s3://files/twice/", ModelName="nobody")
