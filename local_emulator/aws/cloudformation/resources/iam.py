"""AWS::IAM::Role and AWS::IAM::Policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import Deployed
from local_emulator.aws.cloudformation.resources.common import refuse_others, tag_list, unless_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.cloudformation.contracts import Place, Properties

_ROLE = (
    "AssumeRolePolicyDocument",
    "Description",
    "ManagedPolicyArns",
    "MaxSessionDuration",
    "Path",
    "PermissionsBoundary",
    "Policies",
    "RoleName",
    "Tags",
)
_HOLDERS = (("Roles", "role"), ("Users", "user"), ("Groups", "group"))


class Role:
    """A role with its inline policies. The emulator keeps them, and enforces them nowhere."""

    name = "AWS::IAM::Role"
    replaced_by = frozenset({"RoleName", "Path"})
    name_property = "RoleName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the role, then put its policies."""
        refuse_others(properties, _ROLE)
        client = place.client("iam")
        role = str(properties.get("RoleName") or place.generated_name(64))
        optional = {
            name: properties[name]
            for name in ("Description", "Path", "PermissionsBoundary")
            if name in properties
        }
        answer = client.create_role(
            RoleName=role,
            AssumeRolePolicyDocument=json.dumps(properties["AssumeRolePolicyDocument"]),
            MaxSessionDuration=int(properties.get("MaxSessionDuration", 3600)),
            Tags=tag_list(properties, place),
            **optional,
        )["Role"]
        self._put_policies(client, role, {}, properties)
        return Deployed(role, {"Arn": answer["Arn"], "RoleId": answer["RoleId"]})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Change trust, description and policies."""
        refuse_others(new, _ROLE)
        client = place.client("iam")
        role = deployed.physical_id
        client.update_assume_role_policy(
            RoleName=role, PolicyDocument=json.dumps(new["AssumeRolePolicyDocument"])
        )
        client.update_role(
            RoleName=role,
            Description=str(new.get("Description", "")),
            MaxSessionDuration=int(new.get("MaxSessionDuration", 3600)),
        )
        self._put_policies(client, role, old, new)
        if old.get("Tags") != new.get("Tags"):
            client.tag_role(RoleName=role, Tags=tag_list(new, place))
        return deployed

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Delete the role and the policies that were put with it."""
        client = place.client("iam")
        role = deployed.physical_id
        for policy in properties.get("Policies", []):
            unless_gone(client.delete_role_policy, RoleName=role, PolicyName=policy["PolicyName"])
        for arn in properties.get("ManagedPolicyArns", []):
            unless_gone(client.detach_role_policy, RoleName=role, PolicyArn=arn)
        unless_gone(client.delete_role, RoleName=role)

    def _put_policies(self, client: Any, role: str, old: Properties, new: Properties) -> None:
        before = {policy["PolicyName"]: policy for policy in old.get("Policies", [])}
        after = {policy["PolicyName"]: policy for policy in new.get("Policies", [])}
        for name in before.keys() - after.keys():
            client.delete_role_policy(RoleName=role, PolicyName=name)
        for name, policy in after.items():
            if before.get(name) != policy:
                document = json.dumps(policy["PolicyDocument"])
                client.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        attached, wanted = set(old.get("ManagedPolicyArns", [])), set(new.get("ManagedPolicyArns", []))
        for arn in sorted(attached - wanted):
            client.detach_role_policy(RoleName=role, PolicyArn=arn)
        for arn in sorted(wanted - attached):
            client.attach_role_policy(RoleName=role, PolicyArn=arn)


class Policy:
    """An inline policy put on roles, users and groups."""

    name = "AWS::IAM::Policy"
    replaced_by = frozenset({"PolicyName"})
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Put the policy on each."""
        refuse_others(properties, ("PolicyDocument", "PolicyName", *(name for name, _ in _HOLDERS)))
        client = place.client("iam")
        policy = str(properties["PolicyName"])
        document = json.dumps(properties["PolicyDocument"])
        for kind, holder in _holders(properties):
            put = getattr(client, f"put_{kind}_policy")
            put(**{f"{kind.title()}Name": holder}, PolicyName=policy, PolicyDocument=document)
        return Deployed(policy, {"Id": policy})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Put the new policy, and take it from who left the lists."""
        kept = set(_holders(new))
        for kind, holder in _holders(old):
            if (kind, holder) not in kept:
                self._take(place, kind, holder, deployed.physical_id)
        self.create(place, new)
        return deployed

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Take the policy from all; who was deleted before took it along."""
        for kind, holder in _holders(properties):
            self._take(place, kind, holder, deployed.physical_id)

    def _take(self, place: Place, kind: str, holder: str, policy: str) -> None:
        call = getattr(place.client("iam"), f"delete_{kind}_policy")
        unless_gone(call, **{f"{kind.title()}Name": holder, "PolicyName": policy})


def _holders(properties: Properties) -> Iterator[tuple[str, str]]:
    for name, kind in _HOLDERS:
        for holder in properties.get(name, []):
            yield kind, str(holder)
