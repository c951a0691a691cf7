"""A SageMaker endpoint that is updated under load, in the emulator: how many of its requests fail.

    python -m benchmarks.rolling_update [--updates 5] [--json] [--save]

Threads with boto3 ask one endpoint without a pause while it changes from one configuration to another and back. Each
change starts new serving processes beside the old, and stops the old.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import click
from botocore.config import Config

from benchmarks.models import MODELS
from benchmarks.report import Report
from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from onehandler.bundle_archive import pack

if TYPE_CHECKING:
    from benchmarks.models import Served

_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/onehandler:1"
_ROLE = "arn:aws:iam::123456789012:role/sagemaker"
_NAMES = ("blue", "green")
_POLL_S = 0.02
_PACKAGES = ("boto3", "moto", "onnxruntime", "uvicorn")


@click.command()
@click.option("--updates", default=5, show_default=True)
@click.option("--threads", default=4, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--save", is_flag=True, help="Keep it in benchmarks/results.")
def main(updates: int, threads: int, as_json: bool, save: bool) -> None:
    """Measure and print."""
    served = MODELS["forest"]()
    with (
        tempfile.TemporaryDirectory() as folder,
        AwsEmulator(EmulatorSettings(Path(folder), port=0)) as emulator,
    ):
        endpoint = Endpoint(emulator.endpoint_url)
        endpoint.create(served, Path(folder))
        load = Load(endpoint, json.dumps([served.row]), threads)
        load.start()
        seconds = [endpoint.change(_NAMES[(number + 1) % 2]) for number in range(updates)]
        load.end()
    rows = [
        {
            "clients": threads,
            "updates": updates,
            "requests": load.answered,
            "failed": len(load.failures),
            "an update took, median s": round(statistics.median(seconds), 2),
        }
    ]
    ratios = {"failed": float(len(load.failures)), "requests": float(load.answered)}
    report = Report("An endpoint updated under load", rows, ratios, _PACKAGES)
    report.tell("rolling_update", as_json=as_json, save=save)


class Endpoint:
    """One endpoint with two configurations of the same model."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.sagemaker = self.client("sagemaker")

    def client(self, service: str) -> Any:
        """A client that tries once."""
        make: Any = boto3.session.Session("test", "test", region_name="us-east-1").client
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return make(service, endpoint_url=self._url, config=config)

    def create(self, served: Served, folder: Path) -> None:
        """Upload the model, make the configurations, start with the first."""
        pack(served.bundle, folder / "model.tar.gz")
        s3 = self.client("s3")
        s3.create_bucket(Bucket="models")
        s3.upload_file(str(folder / "model.tar.gz"), "models", "model.tar.gz")
        container = {"Image": _IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"}
        self.sagemaker.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=_ROLE)
        for name in _NAMES:
            variant = {
                "VariantName": name,
                "ModelName": "m",
                "InstanceType": "ml.c5.large",
                "InitialInstanceCount": 1,
            }
            self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        self.sagemaker.create_endpoint(EndpointName="e", EndpointConfigName=_NAMES[0])
        self._settled()

    def change(self, name: str) -> float:
        """Change over to a configuration; seconds until it serves."""
        began = time.perf_counter()
        self.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName=name)
        self._settled()
        return time.perf_counter() - began

    def _settled(self) -> None:
        while True:
            found = self.sagemaker.describe_endpoint(EndpointName="e")
            if found["EndpointStatus"] == "InService":
                return
            if found["EndpointStatus"] == "Failed":
                raise RuntimeError(found["FailureReason"])
            time.sleep(_POLL_S)


class Load:
    """Threads that ask until told to end; every answer must be the first one's."""

    def __init__(self, endpoint: Endpoint, body: str, threads: int) -> None:
        self._endpoint = endpoint
        self._body = body
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(threads)]
        self._expected = self._answer(endpoint.client("sagemaker-runtime"))
        self._lock = threading.Lock()
        self.answered = 0
        self.failures: list[str] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop, and wait for the last answers."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        client = self._endpoint.client("sagemaker-runtime")
        while not self._ending.is_set():
            try:
                right = self._answer(client) == self._expected
            except Exception as error:  # noqa: BLE001 - every failure counts
                right, told = False, repr(error)
            else:
                told = "another answer"
            with self._lock:
                self.answered += 1
                if not right:
                    self.failures.append(told)

    def _answer(self, client: Any) -> bytes:
        answer = client.invoke_endpoint(EndpointName="e", ContentType="application/json", Body=self._body)
        content: bytes = answer["Body"].read()
        return content


if __name__ == "__main__":
    main()
