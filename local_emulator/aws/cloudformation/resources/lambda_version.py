"""AWS::Lambda::Version and AWS::Lambda::Alias."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import (
    Deployed,
    DeploymentError,
    UnsupportedError,
)
from local_emulator.aws.cloudformation.resources.common import Immutable, unless_gone, without

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties


_POLL_S = 0.05


class Version(Immutable):
    """A published version: immutable, so that every change publishes another."""

    name = "AWS::Lambda::Version"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Publish the function as it is now."""
        _refuse_provisioned(properties)
        client = place.client("lambda")
        answer = client.publish_version(**call_input(client, "PublishVersion", properties))
        arn = answer["FunctionArn"]
        _await_snapshot(client, arn)
        return Deployed(arn, {"Version": answer["Version"], "FunctionArn": arn})

    def delete(self, place: Place, deployed: Deployed, _properties: Properties) -> None:
        """Delete the version; a function deleted before took it along."""
        arn, _, version = deployed.physical_id.rpartition(":")
        unless_gone(place.client("lambda").delete_function, FunctionName=arn, Qualifier=version)


def _await_snapshot(client: Any, arn: str) -> None:
    """Wait until a SnapStart version has its snapshot; one that cannot be initialised is deleted again."""
    found = client.get_function_configuration(FunctionName=arn)
    while found.get("State") == "Pending":
        time.sleep(_POLL_S)
        found = client.get_function_configuration(FunctionName=arn)
    if found.get("State") == "Failed":
        client.delete_function(FunctionName=arn)
        raise DeploymentError(
            f"SnapStart could not initialise {arn}: {found.get('StateReason')} ({found.get('StateReasonCode')})"
        )


class Alias:
    """A name for a version, or for two with weights."""

    name = "AWS::Lambda::Alias"
    replaced_by = frozenset({"FunctionName", "Name"})
    name_property = "Name"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the alias."""
        _refuse_provisioned(properties)
        client = place.client("lambda")
        answer = client.create_alias(**call_input(client, "CreateAlias", _with_weights(properties)))
        return Deployed(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})

    def update(self, place: Place, deployed: Deployed, _: Properties, new: Properties) -> Deployed:
        """Point the alias elsewhere."""
        _refuse_provisioned(new)
        client = place.client("lambda")
        values = {"Description": "", "RoutingConfig": {"AdditionalVersionWeights": {}}, **_with_weights(new)}
        client.update_alias(**call_input(client, "UpdateAlias", values))
        return deployed

    def delete(self, place: Place, _: Deployed, properties: Properties) -> None:
        """Delete the alias; a function deleted before took it along."""
        unless_gone(
            place.client("lambda").delete_alias,
            FunctionName=properties["FunctionName"],
            Name=properties["Name"],
        )


def _with_weights(properties: Properties) -> dict[str, Any]:
    """CloudFormation lists the weights, the API maps them by version."""
    routing = properties.get("RoutingConfig")
    if not routing:
        return without(properties, "RoutingConfig")
    weights = {
        str(item["FunctionVersion"]): item["FunctionWeight"]
        for item in routing.get("AdditionalVersionWeights", [])
    }
    return {**properties, "RoutingConfig": {"AdditionalVersionWeights": weights}}


def _refuse_provisioned(properties: Properties) -> None:
    if "ProvisionedConcurrencyConfig" in properties:
        raise UnsupportedError(
            "property ProvisionedConcurrencyConfig is not supported by the emulator, which keeps no "
            "instances ready: leave it out of what you deploy here"
        )
