"""Puts a bundle behind a SageMaker endpoint, through the resources of the SageMaker Python SDK 3.

`planned` says what is to be there, without asking anybody; `deploy` makes it so. Models and endpoint configurations
have names that follow from what they say, so that one which is there already is the same, and an update is a change
from one configuration to another: SageMaker starts the new instances beside the old ones (blue/green), and goes back
when they don't start or an alarm is raised.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from onehandler.bundle_archive import pack
from onehandler.errors import SettingsError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL_FILE = "model.tar.gz"
_VARIANT = "all"
_POLL_S = 2.0
_MOST_NAME = 40  # characters of 63, which the digests share
# Between the change and its end, in which alarms can undo it. Not 0, which the SDK takes for nothing (seen in 3.27).
_BAKING_S = 120
_AT_ONCE_S = 1
_ROLLED_BACK = "the endpoint went back to what it was: "


@dataclass(frozen=True, slots=True)
class Scale:
    """Where it runs: on instances, or, with `serverless_mb`, on demand."""

    instance_type: str = "ml.c6i.large"
    instances: int = 1
    serverless_mb: int = 0
    concurrency: int = 5


@dataclass(frozen=True, slots=True)
class Order:
    """What to deploy: the bundle's digest and archive (`data`: s3://…), the image, the role, and how.

    `async_output` (s3://…) makes it an asynchronous endpoint. With `several`, `data` is a prefix of archives that the
    endpoint loads when they are asked for. `alarms` are names of CloudWatch alarms that undo an update.
    """

    name: str
    digest: str
    data: str
    image: str
    role: str
    scale: Scale
    async_output: str = ""
    several: bool = False
    alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests as SageMaker's API takes them: CreateModel, CreateEndpointConfig, Create- or UpdateEndpoint."""

    model: dict[str, Any]
    configuration: dict[str, Any]
    endpoint: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """For --dry-run."""
        return {"Model": self.model, "EndpointConfig": self.configuration, "Endpoint": self.endpoint}


def planned(order: Order) -> Plan:
    """What is to be there. Raises SettingsError for what SageMaker has not."""
    if len(order.name) > _MOST_NAME:
        raise SettingsError(f"has {len(order.name)} characters; {_MOST_NAME} are accepted", where="--name")
    if order.scale.serverless_mb and (order.async_output or order.several):
        raise SettingsError(
            "a serverless endpoint is neither asynchronous nor one of several models",
            where="--serverless-memory",
        )
    container: dict[str, Any] = {"Image": order.image, "ModelDataUrl": order.data}
    if order.several:
        container["Mode"] = "MultiModel"
    else:
        container["Environment"] = {"ONEHANDLER_BUNDLE_DIGEST": order.digest}
    model = _named(order.name, "ModelName", {"PrimaryContainer": container, "ExecutionRoleArn": order.role})
    told: dict[str, Any] = {"ProductionVariants": [_variant(model["ModelName"], order.scale)]}
    if order.async_output:
        told["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": order.async_output}}
    configuration = _named(order.name, "EndpointConfigName", told)
    endpoint = {"EndpointName": order.name, "EndpointConfigName": configuration["EndpointConfigName"]}
    if not order.scale.serverless_mb:
        endpoint["DeploymentConfig"] = _deployment(order.alarms)
    return Plan(model, configuration, endpoint)


def deploy(
    plan: Plan, told: Callable[[str], None], *, seconds: float, pause: Callable[[float], None] = time.sleep
) -> str:
    """Make it so, and wait until the endpoint serves; its ARN. `told` hears what is going on.

    Raises Unavailable with SageMaker's reason when it doesn't serve, or has gone back to what was there.
    """
    import boto3
    from sagemaker.core.resources import (
        Endpoint,
        EndpointConfig,
        Model,
    )  # seconds, and a gigabyte on the disk

    told("the model")
    if _found(Model, model_name=plan.model["ModelName"]) is None:
        Model.create(**_snake(plan.model))
    told("the endpoint's configuration")
    if _found(EndpointConfig, endpoint_config_name=plan.configuration["EndpointConfigName"]) is None:
        # Not through the SDK, which asks for a MemorySizeInMb that the API doesn't know (seen in 3.27).
        boto3.client("sagemaker").create_endpoint_config(**plan.configuration)
    endpoint = _changed(Endpoint, plan)
    waited = 0.0
    while endpoint.endpoint_status not in ("InService", "Failed", "OutOfService", "UpdateRollbackFailed"):
        if waited >= seconds:
            raise Unavailable(f"is still {endpoint.endpoint_status} after {seconds:.0f} s", where=_name(plan))
        told(f"{endpoint.endpoint_status}, {waited:.0f} s")
        pause(_POLL_S)
        waited += _POLL_S
        endpoint.refresh()
    reason = str(getattr(endpoint, "failure_reason", "") or "")
    if endpoint.endpoint_status != "InService":
        raise Unavailable(reason or endpoint.endpoint_status, where=_name(plan))
    if endpoint.endpoint_config_name != plan.configuration["EndpointConfigName"]:
        raise Unavailable(_ROLLED_BACK + reason, where=_name(plan))
    arn: str = endpoint.endpoint_arn
    return arn


def upload(bundle: Path, bucket: str, key: str) -> None:
    """Put a bundle's folder, packed, or its archive as it is, into a bucket."""
    import boto3

    with TemporaryDirectory(prefix="onehandler-") as folder:
        archive = bundle
        if bundle.is_dir():
            archive = Path(folder, MODEL_FILE)
            pack(bundle, archive)
        boto3.client("s3").upload_file(str(archive), bucket, key)


def _changed(kind: Any, plan: Plan) -> Any:
    """The endpoint, created or told to change, unless it has this configuration already."""
    found = _found(kind, endpoint_name=_name(plan))
    wanted = plan.configuration["EndpointConfigName"]
    if found is None:
        return kind.create(endpoint_name=_name(plan), endpoint_config_name=wanted)
    if found.endpoint_config_name != wanted:
        found.endpoint_config_name = wanted
        found.update(**_snake({"DeploymentConfig": plan.endpoint.get("DeploymentConfig")}))
        found.refresh()
    return found


def _found(kind: Any, **name: str) -> Any:
    from botocore.exceptions import ClientError

    try:
        return kind.get(**name)
    except ClientError as error:
        if "Could not find" in error.response["Error"]["Message"]:
            return None
        raise


def _variant(model: str, scale: Scale) -> dict[str, Any]:
    variant: dict[str, Any] = {"VariantName": _VARIANT, "ModelName": model, "InitialVariantWeight": 1.0}
    if scale.serverless_mb:
        serverless = {"MemorySizeInMB": scale.serverless_mb, "MaxConcurrency": scale.concurrency}
        return {**variant, "ServerlessConfig": serverless}
    return {**variant, "InstanceType": scale.instance_type, "InitialInstanceCount": scale.instances}


def _deployment(alarms: tuple[str, ...]) -> dict[str, Any]:
    seconds = _BAKING_S if alarms else _AT_ONCE_S
    policy = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": seconds}}
    told: dict[str, Any] = {"BlueGreenUpdatePolicy": policy}
    if alarms:
        told["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": name} for name in alarms]}
    return told


def _named(name: str, key: str, request: dict[str, Any]) -> dict[str, Any]:
    """The request with a name that follows from it."""
    digest = sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
    return {key: f"{name}-{digest[:16]}", **request}


def _name(plan: Plan) -> str:
    name: str = plan.endpoint["EndpointName"]
    return name


def _snake(request: dict[str, Any]) -> dict[str, Any]:
    """The request as the SDK has it: its own names, and its own shapes for what is within."""
    return {_snake_name(key): _shaped(key, value) for key, value in request.items() if value is not None}


def _shaped(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_shaped(key, each) for each in value]
    if not isinstance(value, dict) or key not in _SHAPES:  # an environment has names of its own
        return value
    from sagemaker.core import shapes

    return getattr(shapes, _SHAPES[key])(**_snake(value))


def _snake_name(name: str) -> str:
    """EndpointConfigName: endpoint_config_name."""
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")


# The SDK's shapes by the member that holds them.
_SHAPES = {
    "PrimaryContainer": "ContainerDefinition",
    "DeploymentConfig": "DeploymentConfig",
    "BlueGreenUpdatePolicy": "BlueGreenUpdatePolicy",
    "TrafficRoutingConfiguration": "TrafficRoutingConfig",
    "AutoRollbackConfiguration": "AutoRollbackConfig",
    "Alarms": "Alarm",
}
