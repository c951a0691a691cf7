"""A model in S3, a real-time and an asynchronous endpoint for it, and what boto3 gets from the first."""

from __future__ import annotations

import csv
import json
import statistics
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3

from examples.demo.steps import StepFailed, say, wait_until

if TYPE_CHECKING:
    from pathlib import Path

BUCKET = "demo-sagemaker"
_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/onehandler:latest"
_ROLE = "arn:aws:iam::123456789012:role/sagemaker"
_WARM_CALLS = 50
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Deployed:
    """Names of what is there."""

    model: str
    endpoint: str
    later: str  # the asynchronous endpoint


def create(archive: Path) -> Deployed:
    """Upload the model and start both endpoints."""
    s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(str(archive), BUCKET, "model.tar.gz")
    container = {"Image": _IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz"}
    sagemaker.create_model(ModelName="demo", PrimaryContainer=container, ExecutionRoleArn=_ROLE)
    output: Any = {"OutputConfig": {"S3OutputPath": f"s3://{BUCKET}/later/"}}
    for name, more in (("demo", {}), ("demo-later", {"AsyncInferenceConfig": output})):
        variant: Any = {
            "VariantName": "all",
            "ModelName": "demo",
            "InstanceType": "ml.c5.large",
            "InitialInstanceCount": 1,
        }
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **more)
        began = time.perf_counter()
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        wait_until(partial(_in_service, sagemaker, name), f"endpoint {name}", _SECONDS)
        say(f"endpoint {name} is InService after {time.perf_counter() - began:.1f} s")
    return Deployed("demo", "demo", "demo-later")


def ask(deployed: Deployed, rows: Path) -> None:
    """Two rows as JSON: the predictions, the time of the first call and of later ones."""
    with rows.open(newline="") as file:
        found = [[float(cell) for cell in row.values()] for row in csv.DictReader(file)]
    runtime = boto3.client("sagemaker-runtime")
    body = json.dumps([found[0], found[19]])
    say(
        f"boto3: invoke_endpoint(EndpointName={deployed.endpoint!r}, ContentType='application/json', Body='[[…], […]]')"
    )

    def call() -> tuple[float, bytes]:
        began = time.perf_counter()
        answer = runtime.invoke_endpoint(
            EndpointName=deployed.endpoint, ContentType="application/json", Body=body
        )
        content = answer["Body"].read()
        return (time.perf_counter() - began) * 1000, content

    first, content = call()
    warm = [call()[0] for _ in range(_WARM_CALLS)]
    say(content.decode())
    say(f"first call {first:.0f} ms; then {statistics.median(warm):.1f} ms (of {_WARM_CALLS})")


def _in_service(sagemaker: Any, name: str) -> bool:
    found = sagemaker.describe_endpoint(EndpointName=name)
    if found["EndpointStatus"] == "Failed":
        raise StepFailed(found["FailureReason"])
    status: str = found["EndpointStatus"]
    return status == "InService"
