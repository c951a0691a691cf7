"""A whole file: through a batch transform job, and through an asynchronous endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from examples.demo.steps import StepFailed, say, wait_until
from examples.demo_sagemaker.endpoint import BUCKET

if TYPE_CHECKING:
    from pathlib import Path

    from examples.demo_sagemaker.endpoint import Deployed

_SECONDS = 60


def transform(deployed: Deployed, rows: Path) -> int:
    """Score every row in batches, each answer joined to its row; give how many there are."""
    s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
    _, *lines = rows.read_bytes().splitlines(
        keepends=True
    )  # a job cuts at lines: a header would be one of them
    s3.put_object(Bucket=BUCKET, Key="in/patients.csv", Body=b"".join(lines))
    source: Any = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/in/"}}
    sagemaker.create_transform_job(
        TransformJobName="demo",
        ModelName=deployed.model,
        TransformInput={"DataSource": source, "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/out", "Accept": "text/csv", "AssembleWith": "Line"},
        DataProcessing={"JoinSource": "Input"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )

    def done() -> bool:
        found = sagemaker.describe_transform_job(TransformJobName="demo")
        if found["TransformJobStatus"] == "Failed":
            raise StepFailed(found["FailureReason"])
        status: str = found["TransformJobStatus"]
        return status == "Completed"

    wait_until(done, "the transform job", _SECONDS)
    written = s3.get_object(Bucket=BUCKET, Key="out/patients.csv.out")["Body"].read().decode().splitlines()
    say(
        f"s3://{BUCKET}/out/patients.csv.out: {len(written)} rows, the first: {written[0][:40]}…{written[0][-30:]}"
    )
    return len(written)


def later(deployed: Deployed, rows: Path) -> int:
    """Have a file answered when there is time; give how many answers came."""
    s3, runtime = boto3.client("s3"), boto3.client("sagemaker-runtime")
    s3.put_object(Bucket=BUCKET, Key="patients.csv", Body=rows.read_bytes())
    location = f"s3://{BUCKET}/patients.csv"
    told = runtime.invoke_endpoint_async(
        EndpointName=deployed.later, InputLocation=location, ContentType="text/csv", Accept="text/csv"
    )
    key = told["OutputLocation"].removeprefix(f"s3://{BUCKET}/")
    wait_until(lambda: _content(s3, key) is not None, "the asynchronous answer", _SECONDS)
    say(f"boto3: invoke_endpoint_async(…, InputLocation={location!r}) → {told['OutputLocation']}")
    return len((_content(s3, key) or b"").splitlines())


def _content(s3: Any, key: str) -> bytes | None:
    try:
        found: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except ClientError:
        return None
    return found
