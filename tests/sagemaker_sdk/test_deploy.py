"""`onehandler deploy sagemaker` through the real SDK, and the SDK's own resources, against the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner
from sagemaker.core.resources import Endpoint, TransformJob
from sagemaker.core.shapes import (
    TransformDataSource,
    TransformInput,
    TransformOutput,
    TransformResources,
    TransformS3DataSource,
)

from onehandler.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

ROWS = json.dumps([[5.1, 3.5, 1.4, 0.2]])
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/onehandler:1"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"


@pytest.fixture(scope="module", autouse=True)
def bucket() -> str:
    boto3.client("s3").create_bucket(Bucket="sdk")
    return "sdk"


def run(bundle: Path, name: str, *more: str) -> Result:
    words = [
        "deploy",
        "sagemaker",
        str(bundle),
        "--name",
        name,
        "--image",
        IMAGE,
        "--role",
        ROLE,
        "--bucket",
        "sdk",
    ]
    return CliRunner().invoke(cli, [*words, "--instance-type", "ml.c5.large", "--json", *more])


def deployed(bundle: Path, name: str, *more: str) -> dict[str, Any]:
    found = run(bundle, name, *more)
    assert found.exit_code == 0, found.output
    told: dict[str, Any] = json.loads(found.stdout)
    return told


def test_a_bundle_is_deployed_and_the_sdk_gets_its_answer(bundles: dict[str, Path]) -> None:
    told = deployed(bundles["1"], "first")
    assert told["model"].startswith("s3://sdk/onehandler/first/")
    answer = Endpoint.get("first").invoke(body=ROWS, content_type="application/json")
    assert len(json.loads(answer.body.read())) == 1
    assert answer.invoked_production_variant == "all"


def test_deploying_again_changes_nothing_and_another_version_updates_in_place(
    bundles: dict[str, Path],
) -> None:
    deployed(bundles["1"], "updated")
    before = Endpoint.get("updated").endpoint_config_name
    deployed(bundles["1"], "updated")
    assert Endpoint.get("updated").endpoint_config_name == before
    deployed(bundles["2"], "updated", "--rollback-alarm", "errors")
    found = Endpoint.get("updated")
    assert found.endpoint_config_name != before
    assert found.endpoint_status == "InService"
    assert len(json.loads(found.invoke(body=ROWS, content_type="application/json").body.read())) == 1


def test_what_does_not_start_is_told_and_leaves_what_was_there(bundles: dict[str, Path]) -> None:
    deployed(bundles["1"], "careful")
    before = Endpoint.get("careful").endpoint_config_name
    failed = run(bundles["1"], "careful", "--image", "somebody/else:1")
    assert failed.exit_code != 0
    assert "went back" in failed.stderr
    assert "onehandler's own image" in failed.stderr
    assert Endpoint.get("careful").endpoint_config_name == before


def test_serverless_and_multi_model(bundles: dict[str, Path]) -> None:
    deployed(bundles["1"], "serverless", "--serverless-memory", "2048")
    assert (
        len(
            json.loads(
                Endpoint.get("serverless").invoke(body=ROWS, content_type="application/json").body.read()
            )
        )
        == 1
    )
    deployed(bundles["1"], "several", "--multi-model")
    answer = Endpoint.get("several").invoke(
        body=ROWS, content_type="application/json", target_model="iris.tar.gz"
    )
    assert len(json.loads(answer.body.read())) == 1


def test_an_asynchronous_endpoint_answers_into_s3(bundles: dict[str, Path]) -> None:
    deployed(bundles["1"], "later", "--async-output", "s3://sdk/later/")
    s3 = boto3.client("s3")
    s3.put_object(Bucket="sdk", Key="asked.json", Body=ROWS.encode())
    answer = Endpoint.get("later").invoke_async(
        input_location="s3://sdk/asked.json", content_type="application/json"
    )
    assert answer.output_location.startswith("s3://sdk/later/")
    key = answer.output_location.removeprefix("s3://sdk/")
    s3.get_waiter("object_exists").wait(Bucket="sdk", Key=key, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    assert len(json.loads(s3.get_object(Bucket="sdk", Key=key)["Body"].read())) == 1


def test_the_sdk_runs_a_transform_job_with_the_deployed_model(bundles: dict[str, Path]) -> None:
    deployed(bundles["1"], "transformed")
    s3 = boto3.client("s3")
    s3.put_object(Bucket="sdk", Key="in/rows.csv", Body=b"5.1,3.5,1.4,0.2\n" * 3)
    configuration = Endpoint.get("transformed").endpoint_config_name
    model = boto3.client("sagemaker").describe_endpoint_config(EndpointConfigName=configuration)
    source = TransformS3DataSource(s3_data_type="S3Prefix", s3_uri="s3://sdk/in/")
    job = TransformJob.create(
        transform_job_name="through-the-sdk",
        model_name=model["ProductionVariants"][0]["ModelName"],
        transform_input=TransformInput(
            data_source=TransformDataSource(s3_data_source=source), content_type="text/csv", split_type="Line"
        ),
        transform_output=TransformOutput(
            s3_output_path="s3://sdk/out", accept="text/csv", assemble_with="Line"
        ),
        transform_resources=TransformResources(instance_type="ml.m5.large", instance_count=1),
    )
    job.wait(poll=1, timeout=60)
    assert len(s3.get_object(Bucket="sdk", Key="out/rows.csv.out")["Body"].read().splitlines()) == 3


def test_a_dry_run_prints_the_requests_and_makes_nothing(bundles: dict[str, Path]) -> None:
    told = json.loads(run(bundles["1"], "dry", "--dry-run").stdout)
    assert told.keys() == {"Upload", "Model", "EndpointConfig", "Endpoint"}
    assert told["Model"]["PrimaryContainer"]["ModelDataUrl"] == told["Upload"]
    found = boto3.client("sagemaker").list_endpoints()["Endpoints"]
    assert "dry" not in {each["EndpointName"] for each in found}


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("n" * 41, (), "40 are accepted"),
        ("both", ("--serverless-memory", "2048", "--async-output", "s3://sdk/out"), "neither asynchronous"),
    ],
)
def test_what_sagemaker_has_not_is_refused(
    name: str, more: tuple[str, ...], says: str, bundles: dict[str, Path]
) -> None:
    found = run(bundles["1"], name, *more)
    assert found.exit_code != 0
    assert says in found.stderr
