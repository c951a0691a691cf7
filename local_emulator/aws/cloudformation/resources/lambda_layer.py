"""AWS::Lambda::LayerVersion and AWS::Lambda::LayerVersionPermission."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import Deployed
from local_emulator.aws.cloudformation.resources.common import Immutable, unless_gone, without

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties


class LayerVersion(Immutable):
    """A version of a layer: immutable, so that every change publishes another."""

    name = "AWS::Lambda::LayerVersion"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Publish the archive in S3 as the layer's next version."""
        client = place.client("lambda")
        values = {"LayerName": place.generated_name(140), **properties}
        answer = client.publish_layer_version(**call_input(client, "PublishLayerVersion", values))
        arn = answer["LayerVersionArn"]
        return Deployed(arn, {"LayerVersionArn": arn})

    def delete(self, place: Place, deployed: Deployed, _properties: Properties) -> None:
        """Delete the version. Functions that have it keep it, as on AWS."""
        layer, _, version = deployed.physical_id.rpartition(":")
        unless_gone(place.client("lambda").delete_layer_version, LayerName=layer, VersionNumber=int(version))


class LayerVersionPermission(Immutable):
    """Who else may use a layer version; the emulator checks it nowhere."""

    name = "AWS::Lambda::LayerVersionPermission"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Add the statement to the layer version's policy."""
        client = place.client("lambda")
        layer, _, version = str(properties["LayerVersionArn"]).rpartition(":")
        statement = place.generated_name()
        values = {
            **without(properties, "LayerVersionArn"),
            "LayerName": layer,
            "VersionNumber": version,
            "StatementId": statement,
        }
        client.add_layer_version_permission(**call_input(client, "AddLayerVersionPermission", values))
        return Deployed(f"{properties['LayerVersionArn']}#{statement}")

    def delete(self, place: Place, deployed: Deployed, _properties: Properties) -> None:
        """Take the statement out of the policy."""
        arn, _, statement = deployed.physical_id.rpartition("#")
        layer, _, version = arn.rpartition(":")
        unless_gone(
            place.client("lambda").remove_layer_version_permission,
            LayerName=layer,
            VersionNumber=int(version),
            StatementId=statement,
        )
