"""AWS::DynamoDB::Table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.api_input import call_input
from local_emulator.aws.cloudformation.contracts import Deployed, UnsupportedError
from local_emulator.aws.cloudformation.resources.common import (
    differing,
    refuse_others,
    tag_list,
    unless_gone,
    without,
)

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

_CREATED = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "SSESpecification",
    "StreamSpecification",
    "TableClass",
    "TableName",
)
_AFTERWARDS = ("PointInTimeRecoverySpecification", "Tags", "TimeToLiveSpecification")
_UPDATED = ("BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput", "StreamSpecification")


class Table:
    """A table with its indexes, stream, time to live and recovery setting."""

    name = "AWS::DynamoDB::Table"
    replaced_by = frozenset({"TableName", "KeySchema", "LocalSecondaryIndexes"})
    name_property = "TableName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the table, then set what only exists on a table."""
        refuse_others(properties, (*_CREATED, *_AFTERWARDS))
        client = place.client("dynamodb")
        values = {
            "TableName": place.generated_name(255),
            **_translated(without(properties, *_AFTERWARDS)),
            "Tags": tag_list(properties, place),
        }
        table = client.create_table(**call_input(client, "CreateTable", values))["TableDescription"]
        _set_afterwards(client, table["TableName"], {}, properties)
        return _described(table)

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change throughput, stream, time to live and recovery; changed indexes are refused."""
        refuse_others(new, (*_CREATED, *_AFTERWARDS))
        if differing(old, new, ("GlobalSecondaryIndexes", "AttributeDefinitions")):
            raise UnsupportedError(
                "changing GlobalSecondaryIndexes in place is not supported by the emulator: "
                "deploy the table under another logical id"
            )
        client = place.client("dynamodb")
        changed = {name: new[name] for name in _UPDATED if name in new and old.get(name) != new[name]}
        if "StreamSpecification" in old and "StreamSpecification" not in new:
            client.update_table(TableName=deployed.physical_id, StreamSpecification={"StreamEnabled": False})
        if changed:
            values = {**_translated(changed), "TableName": deployed.physical_id}
            client.update_table(**call_input(client, "UpdateTable", values))
        _set_afterwards(client, deployed.physical_id, old, new)
        if old.get("Tags") != new.get("Tags"):
            client.tag_resource(ResourceArn=deployed.attributes["Arn"], Tags=tag_list(new, place))
        return _described(client.describe_table(TableName=deployed.physical_id)["Table"])

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the table with its items."""
        unless_gone(place.client("dynamodb").delete_table, TableName=deployed.physical_id)


def _translated(properties: Properties) -> dict[str, Any]:
    """CloudFormation says SSEEnabled and leaves StreamEnabled out; the API says Enabled, and wants it."""
    values = dict(properties)
    if "SSESpecification" in values:
        names = {"SSEEnabled": "Enabled"}
        values["SSESpecification"] = {
            names.get(name, name): item for name, item in values["SSESpecification"].items()
        }
    if "StreamSpecification" in values:
        values["StreamSpecification"] = {**values["StreamSpecification"], "StreamEnabled": True}
    return values


def _set_afterwards(client: Any, table: str, old: Properties, new: Properties) -> None:
    before, after = old.get("TimeToLiveSpecification"), new.get("TimeToLiveSpecification")
    if before != after:
        specification = after or {**(before or {}), "Enabled": False}
        values = {"TableName": table, "TimeToLiveSpecification": specification}
        client.update_time_to_live(**call_input(client, "UpdateTimeToLive", values))
    before, after = (item.get("PointInTimeRecoverySpecification") for item in (old, new))
    if before != after:
        specification = after or {"PointInTimeRecoveryEnabled": False}
        values = {"TableName": table, "PointInTimeRecoverySpecification": specification}
        client.update_continuous_backups(**call_input(client, "UpdateContinuousBackups", values))


def _described(table: Any) -> Deployed:
    attributes = {"Arn": table["TableArn"]}
    if "LatestStreamArn" in table:
        attributes["StreamArn"] = table["LatestStreamArn"]
    return Deployed(table["TableName"], attributes)
