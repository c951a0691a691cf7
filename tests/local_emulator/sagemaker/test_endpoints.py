"""Endpoints as boto3 sees them: created, asked, changed under load, deleted; what fails says why."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests import bundles
from tests.bundles import ROW
from tests.killing import kill
from tests.local_emulator.sagemaker.conftest import IMAGE, ROLE, instance, settled, until

if TYPE_CHECKING:
    from tests.local_emulator.sagemaker.conftest import World

BODY = json.dumps([ROW])


def ask(world: World, name: str, body: str | bytes = BODY, **more: Any) -> dict[str, Any]:
    given = {"ContentType": "application/json", **more}
    found: dict[str, Any] = world.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=body, **given
    )
    return found


def native(world: World, name: str, **more: Any) -> Any:
    """Ask for predictions of rows; what came back as JSON."""
    return json.loads(ask(world, name, **more)["Body"].read())


def serving(pattern: str) -> list[int]:
    """Ids of container processes with this in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                command = (folder / "cmdline").read_bytes()
                environment = (folder / "environ").read_bytes()
            except OSError:
                continue
            if b"functions.container.serve" in command and pattern.encode() in environment:
                found.append(int(folder.name))
    return found


def test_an_endpoint_answers_with_its_model(world: World, iris: str) -> None:
    answer = ask(world, iris, json.dumps([ROW]), CustomAttributes="outputs=label")
    assert answer["InvokedProductionVariant"] == "all"
    assert answer["ContentType"] == "application/json"
    assert len(json.loads(answer["Body"].read())) == 1


@pytest.mark.parametrize(
    ("content_type", "body", "accept"),
    [
        ("text/csv", "5.1,3.5,1.4,0.2\n6.2,2.9,4.3,1.3\n", "text/csv"),
        ("application/jsonlines", "[5.1,3.5,1.4,0.2]\n[6.2,2.9,4.3,1.3]\n", "application/jsonlines"),
    ],
)
def test_containers_content_types_go_through(
    content_type: str, body: str, accept: str, world: World, iris: str
) -> None:
    answer = ask(world, iris, body, ContentType=content_type, Accept=accept)
    assert answer["ContentType"].startswith(accept)
    assert len(answer["Body"].read().splitlines()) == 2


def test_a_container_that_refuses_is_a_model_error_with_its_words(world: World, iris: str) -> None:
    with pytest.raises(ClientError) as refused:
        ask(world, iris, "[[1,2]]")
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["OriginalStatusCode"] == 400
    assert answer["OriginalMessage"]
    assert "Received client error (400) from primary" in answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("nothing-here", {}, "not found"),
        ("iris", {"TargetVariant": "other"}, "not available"),
        ("iris", {"TargetModel": "a.tar.gz"}, "single model"),
        ("iris", {"InferenceComponentName": "c"}, "Could not find inference component"),
        ("iris", {"TargetContainerHostname": "c"}, "several containers"),
        ("iris", {"Body": b" " * (25 * 1024 * 1024 + 1)}, "less than or equal to 26214400"),
    ],
)
def test_what_cannot_be_is_a_validation_error(
    name: str, more: dict[str, Any], says: str, world: World, iris: str
) -> None:
    del iris
    body = more.pop("Body", BODY)
    with pytest.raises(ClientError, match=says) as refused:
        ask(world, name, body, **more)
    assert refused.value.response["Error"]["Code"] == "ValidationError"


def test_the_output_of_containers_is_in_cloudwatch(world: World, iris: str) -> None:
    logs = world.client("logs")
    (group,) = logs.describe_log_groups(logGroupNamePrefix=f"/aws/sagemaker/Endpoints/{iris}")["logGroups"]
    (stream,) = logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
    assert stream["logStreamName"].startswith("all/i-")
    events = logs.get_log_events(logGroupName=group["logGroupName"], logStreamName=stream["logStreamName"])[
        "events"
    ]
    assert any("serving" in each["message"] for each in events)


def test_answers_are_streamed_as_events(world: World, iris: str) -> None:
    found = world.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName=iris, Body=json.dumps([ROW] * 50_000), ContentType="application/json"
    )
    parts = [event["PayloadPart"]["Bytes"] for event in found["Body"]]
    assert found["InvokedProductionVariant"] == "all"
    assert len(parts) > 1
    assert len(json.loads(b"".join(parts))) == 50_000


def test_a_container_that_dies_is_started_again(world: World) -> None:
    world.model("mortal", "s3://models/iris-1.tar.gz", Environment={"MARK": "mortal-endpoint"})
    world.configure("mortal", instance("all", "mortal"))
    world.endpoint("mortal", "mortal")
    before = serving("MARK=mortal-endpoint")
    killed = [pid for pid in before if kill(pid)]  # workers may end with their server
    assert killed
    until(
        lambda: (
            bool(serving("MARK=mortal-endpoint")) and not set(before) & set(serving("MARK=mortal-endpoint"))
        )
    )

    codes: set[str] = set()

    def answers() -> bool:
        try:
            return len(native(world, "mortal")) == 1
        except ClientError as error:
            codes.add(error.response["Error"]["Code"])
            return False

    until(answers)
    assert codes <= {"ModelError", "ModelNotReadyException"}
    world.client("sagemaker").delete_endpoint(EndpointName="mortal")
    until(lambda: not serving("MARK=mortal-endpoint"))


@pytest.mark.parametrize(
    ("image", "data", "says"),
    [
        ("somebody/xgboost:1", "s3://models/iris-1.tar.gz", "onehandler's own image"),
        (IMAGE, "s3://models/missing.tar.gz", "Could not find model data"),
        (IMAGE, "s3://nowhere/missing.tar.gz", "Could not find model data"),
        (IMAGE, "s3://models/garbage.tar.gz", "Failed to extract"),
        (IMAGE, "s3://models/empty.tar.gz", "did not start"),
    ],
)
def test_an_endpoint_that_cannot_serve_fails_and_says_why(
    image: str, data: str, says: str, world: World
) -> None:
    import io
    import tarfile

    with tarfile.open(fileobj=(empty := io.BytesIO()), mode="w:gz"):
        pass
    world.client("s3").put_object(Bucket="models", Key="empty.tar.gz", Body=empty.getvalue())
    world.client("s3").put_object(Bucket="models", Key="garbage.tar.gz", Body=b"garbage")
    name = f"bad-{abs(hash((image, data))) % 10**9}"
    world.model(name, data, image)
    world.configure(name, instance("all", name))
    found = world.endpoint(name, name)
    assert found["EndpointStatus"] == "Failed"
    assert says in found["FailureReason"]
    with pytest.raises(ClientError, match="not in service"):
        ask(world, name)
    world.client("sagemaker").delete_endpoint(EndpointName=name)


def test_variants_share_requests_by_weight_and_may_be_named(world: World) -> None:
    world.configure(
        "split",
        instance("one", "iris-1", InitialVariantWeight=1.0),
        instance("two", "iris-2", InitialVariantWeight=1.0),
    )
    world.endpoint("split", "split")
    seen = [ask(world, "split")["InvokedProductionVariant"] for _ in range(40)]
    assert set(seen) == {"one", "two"}
    assert ask(world, "split", TargetVariant="one")["InvokedProductionVariant"] == "one"
    weights = [{"VariantName": "one", "DesiredWeight": 0.0}, {"VariantName": "two", "DesiredWeight": 1.0}]
    world.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName="split", DesiredWeightsAndCapacities=weights
    )
    assert {ask(world, "split")["InvokedProductionVariant"] for _ in range(20)} == {"two"}
    world.client("sagemaker").delete_endpoint(EndpointName="split")


def test_an_update_under_load_fails_no_request(world: World) -> None:
    world.configure("before", instance("old", "iris-1"))
    world.configure("after", instance("new", "iris-2"))
    world.endpoint("rolling", "before")
    seen: list[str] = []
    failures: list[Exception] = []
    done = threading.Event()

    def load() -> None:
        client = world.client("sagemaker-runtime")
        while not done.is_set():
            try:
                answer = client.invoke_endpoint(
                    EndpointName="rolling", Body=BODY, ContentType="application/json"
                )
                seen.append(answer["InvokedProductionVariant"])
            except Exception as error:  # noqa: BLE001 - each of them is what the test is about
                failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(seen) > 20)
    world.client("sagemaker").update_endpoint(EndpointName="rolling", EndpointConfigName="after")
    found = world.settled("rolling")
    until(lambda: seen[-1] == "new")
    done.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "after")
    assert seen.index("new") > 0
    world.client("sagemaker").delete_endpoint(EndpointName="rolling")


def test_an_update_that_fails_leaves_what_was_there(world: World) -> None:
    world.model("broken", "s3://models/missing.tar.gz")
    world.configure("good", instance("all", "iris-1"))
    world.configure("broken", instance("all", "broken"))
    world.endpoint("kept", "good")
    world.client("sagemaker").update_endpoint(EndpointName="kept", EndpointConfigName="broken")
    found = world.settled("kept")
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "good")
    assert "Could not find model data" in found["FailureReason"]
    assert len(native(world, "kept")) == 1
    world.client("sagemaker").delete_endpoint(EndpointName="kept")


def test_deleting_stops_the_processes(world: World) -> None:
    world.model("passing", "s3://models/iris-1.tar.gz", Environment={"MARK": "passing-endpoint"})
    world.configure("passing", instance("all", "passing"))
    world.endpoint("passing", "passing")
    assert serving("MARK=passing-endpoint")
    world.client("sagemaker").delete_endpoint(EndpointName="passing")
    with pytest.raises(ClientError, match="not found"):
        ask(world, "passing")
    until(lambda: not serving("MARK=passing-endpoint"))


def test_names_are_taken_once(world: World, iris: str) -> None:
    with pytest.raises(ClientError, match="already existing"):
        world.client("sagemaker").create_endpoint(EndpointName=iris, EndpointConfigName=iris)


def test_a_serverless_variant_has_its_own_limits(world: World) -> None:
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
    world.configure(
        "serverless", {"VariantName": "all", "ModelName": "iris-1", "ServerlessConfig": serverless}
    )
    world.endpoint("serverless", "serverless")
    assert len(native(world, "serverless")) == 1
    with pytest.raises(ClientError, match="4194304"):
        ask(world, "serverless", b" " * (4 * 1024 * 1024 + 1))
    world.client("sagemaker").delete_endpoint(EndpointName="serverless")


def test_several_models_behind_one_endpoint(world: World) -> None:
    for name in ("iris", "regression"):
        world.put_model(bundles.build(name, world.folder / "several"), f"several/{name}.tar.gz")
    world.model("several", "s3://models/several/", Mode="MultiModel")
    world.configure("several", instance("all", "several"))
    assert world.endpoint("several", "several")["EndpointStatus"] == "InService"
    assert len(native(world, "several", TargetModel="iris.tar.gz")) == 1
    answer = ask(world, "several", "[[1,2,3]]", TargetModel="regression.tar.gz")
    assert json.loads(answer["Body"].read())
    for target, says in (
        (None, "TargetModel is required"),
        ("../x.tar.gz", "below"),
        ("no.tar.gz", "Failed to download"),
    ):
        with pytest.raises(ClientError, match=says):
            native(world, "several", **({"TargetModel": target} if target else {}))
    world.client("sagemaker").delete_endpoint(EndpointName="several")


def component(name: str, endpoint: str, **specification: Any) -> dict[str, Any]:
    needs = {"ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128}}
    return {
        "InferenceComponentName": name,
        "EndpointName": endpoint,
        "VariantName": "all",
        "Specification": {**needs, **specification},
        "RuntimeConfig": {"CopyCount": 1},
    }


def test_inference_components_are_asked_by_name(world: World) -> None:
    sagemaker = world.client("sagemaker")
    bare = {"VariantName": "all", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    world.configure("shared", bare, ExecutionRoleArn=ROLE)
    assert world.endpoint("shared", "shared")["EndpointStatus"] == "InService"
    with pytest.raises(ClientError, match="name one"):
        ask(world, "shared")
    container = {"Image": IMAGE, "ArtifactUrl": "s3://models/iris-2.tar.gz"}
    sagemaker.create_inference_component(**component("by-model", "shared", ModelName="iris-1"))
    sagemaker.create_inference_component(**component("by-container", "shared", Container=container))

    def described(name: str) -> dict[str, Any]:
        return settled(
            lambda: sagemaker.describe_inference_component(InferenceComponentName=name),
            "InferenceComponentStatus",
        )

    for name in ("by-model", "by-container"):
        assert described(name)["InferenceComponentStatus"] == "InService"
        assert len(native(world, "shared", InferenceComponentName=name)) == 1
    listed = sagemaker.list_inference_components(EndpointNameEquals="shared")["InferenceComponents"]
    assert [each["InferenceComponentName"] for each in listed] == ["by-model", "by-container"]
    needs = component("", "", ModelName="iris-2")["Specification"]
    sagemaker.update_inference_component(InferenceComponentName="by-model", Specification=needs)
    assert described("by-model")["Specification"]["ModelName"] == "iris-2"
    assert len(native(world, "shared", InferenceComponentName="by-model")) == 1
    sagemaker.delete_inference_component(InferenceComponentName="by-model")
    with pytest.raises(ClientError, match="Could not find inference component"):
        native(world, "shared", InferenceComponentName="by-model")
    sagemaker.delete_endpoint(EndpointName="shared")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"EndpointName": "nowhere"}, "Could not find endpoint"),
        ({"VariantName": "other"}, "no variant"),
        ({"Specification": {"ModelName": "nobody"}}, "Could not find model"),
        (
            {"Specification": {"BaseInferenceComponentName": "x"}},
            "does not support BaseInferenceComponentName",
        ),
    ],
)
def test_a_component_that_cannot_be_is_refused(
    changes: dict[str, Any], says: str, world: World, iris: str
) -> None:
    with pytest.raises(ClientError, match=says):
        world.client("sagemaker").create_inference_component(
            **{**component("no", iris, ModelName="iris-1"), **changes}
        )
