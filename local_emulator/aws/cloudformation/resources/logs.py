"""AWS::Logs::LogGroup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_emulator.aws.cloudformation.contracts import Deployed
from local_emulator.aws.cloudformation.resources.common import refuse_others, tag_map, unless_gone

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

_KNOWN = ("LogGroupName", "RetentionInDays", "KmsKeyId", "LogGroupClass", "Tags", "DeletionProtectionEnabled")


class LogGroup:
    """A log group with its retention. Its lines are kept until it is deleted: the emulator does not age."""

    name = "AWS::Logs::LogGroup"
    replaced_by = frozenset({"LogGroupName", "LogGroupClass"})
    name_property = "LogGroupName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the log group; one that exists already is an error, as on AWS."""
        refuse_others(properties, _KNOWN)
        client = place.client("logs")
        group = str(properties.get("LogGroupName") or place.generated_name(512))
        extra = {"kmsKeyId": str(properties["KmsKeyId"])} if "KmsKeyId" in properties else {}
        client.create_log_group(logGroupName=group, tags=tag_map(properties, place), **extra)
        self._retain(place, group, properties)
        arn = f"arn:aws:logs:{place.region}:{place.account_id}:log-group:{group}:*"
        return Deployed(group, {"Arn": arn})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change the retention and the tags."""
        refuse_others(new, _KNOWN)
        self._retain(place, deployed.physical_id, new)
        if old.get("Tags") != new.get("Tags"):
            place.client("logs").tag_log_group(logGroupName=deployed.physical_id, tags=tag_map(new, place))
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the log group with its streams."""
        unless_gone(place.client("logs").delete_log_group, logGroupName=deployed.physical_id)

    def _retain(self, place: Place, group: str, properties: Properties) -> None:
        client = place.client("logs")
        if "RetentionInDays" in properties:
            client.put_retention_policy(
                logGroupName=group, retentionInDays=int(properties["RetentionInDays"])
            )
        else:
            client.delete_retention_policy(logGroupName=group)
