"""An emulator with a bucket of models, and boto3 clients for it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from local_emulator.aws.emulator import AwsEmulator, EmulatorSettings
from onehandler.bundle_archive import pack
from tests import bundles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/onehandler:1"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
_UNDER_WAY = ("Creating", "Updating", "InProgress", "Stopping")
_SECONDS = 60.0


@dataclass(frozen=True)
class World:
    """The emulator and what tests do with it all the time."""

    url: str
    folder: Path

    def client(self, service: str) -> Any:
        session = boto3.session.Session("test", "test", region_name="us-east-1")
        make: Any = session.client
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, read_timeout=90)
        return make(service, endpoint_url=self.url, config=config)

    def put_model(self, bundle: str, key: str) -> str:
        """Pack a bundle as model.tar.gz into the bucket; its URI."""
        archive = self.folder / key.replace("/", "-")
        if not archive.exists():
            pack(bundle, archive)
        self.client("s3").put_object(Bucket="models", Key=key, Body=archive.read_bytes())
        return f"s3://models/{key}"

    def model(self, name: str, data: str, image: str = IMAGE, **container: Any) -> None:
        given = {"Image": image, "ModelDataUrl": data, **container}
        self.client("sagemaker").create_model(ModelName=name, PrimaryContainer=given, ExecutionRoleArn=ROLE)

    def configure(self, name: str, *variants: dict[str, Any], **more: Any) -> None:
        self.client("sagemaker").create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=list(variants), **more
        )

    def endpoint(self, name: str, configuration: str) -> dict[str, Any]:
        """Create it and wait; its description."""
        self.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=configuration)
        return self.settled(name)

    def settled(self, name: str) -> dict[str, Any]:
        """The endpoint's description once nothing changes any more."""
        sagemaker = self.client("sagemaker")
        return settled(lambda: sagemaker.describe_endpoint(EndpointName=name), "EndpointStatus")


def settled(describe: Callable[[], dict[str, Any]], status: str) -> dict[str, Any]:
    """The description of anything once its status is that of nothing under way."""
    found: dict[str, Any] = {}

    def done() -> bool:
        found.update(describe())
        return found[status] not in _UNDER_WAY

    until(done)
    return found


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + _SECONDS
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def instance(name: str, model: str, **more: Any) -> dict[str, Any]:
    """A variant on an instance."""
    return {
        "VariantName": name,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        "InitialVariantWeight": 1.0,
        **more,
    }


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("sagemaker")
    with AwsEmulator(EmulatorSettings(folder / "emulator", port=0)) as emulator:
        found = World(emulator.endpoint_url, folder)
        for bucket in ("models", "files"):
            found.client("s3").create_bucket(Bucket=bucket)
        for version in ("1", "2"):
            bundle = bundles.build("iris", folder / version, version=version)
            found.model(f"iris-{version}", found.put_model(bundle, f"iris-{version}.tar.gz"))
        yield found


@pytest.fixture(scope="package")
def iris(world: World) -> str:
    """The name of an endpoint that serves version 1 of iris."""
    world.configure("iris", instance("all", "iris-1"))
    assert world.endpoint("iris", "iris")["EndpointStatus"] == "InService"
    return "iris"
