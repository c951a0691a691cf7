"""AWS::SageMaker::Model, EndpointConfig and Endpoint."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import Deployed, DeploymentError
from local_emulator.aws.cloudformation.resources.common import (
    Immutable,
    refuse_others,
    tag_list,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.cloudformation.contracts import Place, Properties

_POLL_S = 0.1
_LONGEST = 63  # characters of a name
_CHANGING = ("Creating", "Updating")
# How a change is to be made: here it is made at once, all of it.
_ROLLOUT = ("DeploymentConfig", "RetainAllVariantProperties", "ExcludeRetainedVariantProperties")


class Model(Immutable):
    """A model: immutable."""

    name = "AWS::SageMaker::Model"
    name_property = "ModelName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the model."""
        client = place.client("sagemaker")
        given = {
            "ModelName": place.generated_name(_LONGEST),
            **properties,
            "Tags": tag_list(properties, place),
        }
        client.create_model(**call_input(client, "CreateModel", given))
        return Deployed(given["ModelName"], {"ModelName": given["ModelName"]})

    def delete(self, place: Place, deployed: Deployed, _properties: Properties) -> None:
        """Delete the model."""
        _unless_gone(place.client("sagemaker").delete_model, ModelName=deployed.physical_id)


class EndpointConfig(Immutable):
    """An endpoint's configuration: immutable."""

    name = "AWS::SageMaker::EndpointConfig"
    name_property = "EndpointConfigName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the configuration."""
        client = place.client("sagemaker")
        name = properties.get("EndpointConfigName") or place.generated_name(_LONGEST)
        given = {**properties, "EndpointConfigName": name, "Tags": tag_list(properties, place)}
        client.create_endpoint_config(**call_input(client, "CreateEndpointConfig", given))
        return Deployed(name, {"EndpointConfigName": name})

    def delete(self, place: Place, deployed: Deployed, _properties: Properties) -> None:
        """Delete the configuration."""
        _unless_gone(
            place.client("sagemaker").delete_endpoint_config, EndpointConfigName=deployed.physical_id
        )


class Endpoint:
    """An endpoint; another configuration changes it in place."""

    name = "AWS::SageMaker::Endpoint"
    replaced_by = frozenset({"EndpointName"})
    name_property = "EndpointName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create it and wait until it serves."""
        refuse_others(properties, ("EndpointName", "EndpointConfigName", "Tags", *_ROLLOUT))
        client = place.client("sagemaker")
        name = properties.get("EndpointName") or place.generated_name(_LONGEST)
        given = {**without(properties, *_ROLLOUT), "EndpointName": name, "Tags": tag_list(properties, place)}
        client.create_endpoint(**call_input(client, "CreateEndpoint", given))
        found = _settled(client, name)
        if found["EndpointStatus"] != "InService":
            client.delete_endpoint(EndpointName=name)
            raise DeploymentError(found.get("FailureReason", found["EndpointStatus"]))
        return Deployed(found["EndpointArn"], {"EndpointName": name})

    def update(self, place: Place, deployed: Deployed, _old: Properties, new: Properties) -> Deployed:
        """Change it over and wait; what goes back to what it was is a failure."""
        refuse_others(new, ("EndpointName", "EndpointConfigName", "Tags", *_ROLLOUT))
        client = place.client("sagemaker")
        name, wanted = deployed.attributes["EndpointName"], new["EndpointConfigName"]
        if client.describe_endpoint(EndpointName=name)["EndpointConfigName"] != wanted:
            client.update_endpoint(EndpointName=name, EndpointConfigName=wanted)
            found = _settled(client, name)
            if found["EndpointConfigName"] != wanted:
                raise DeploymentError(found.get("FailureReason", "the endpoint went back to what it was"))
        return deployed

    def delete(self, place: Place, deployed: Deployed, _properties: Properties) -> None:
        """Delete it."""
        name = deployed.attributes["EndpointName"]
        _unless_gone(place.client("sagemaker").delete_endpoint, EndpointName=name)


def _unless_gone(call: Callable[..., Any], **parameters: Any) -> None:
    """Make a deleting call; SageMaker calls a thing that isn't there an invalid request."""
    from botocore.exceptions import ClientError

    try:
        call(**parameters)
    except ClientError as error:
        if "Could not find" not in error.response["Error"]["Message"]:
            raise


def _settled(client: Any, name: str) -> Any:
    found = client.describe_endpoint(EndpointName=name)
    while found["EndpointStatus"] in _CHANGING:
        time.sleep(_POLL_S)
        found = client.describe_endpoint(EndpointName=name)
    return found
