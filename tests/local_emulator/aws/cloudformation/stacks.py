"""Stacks in tests: deploy a template, look at what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.local_emulator.aws.emulators import Running

Template = dict[str, Any]


@dataclass(frozen=True)
class TestedStack:
    """One stack of an emulator; deploys by change sets, as osls does."""

    __test__ = False

    running: Running
    name: str

    @property
    def client(self) -> Any:
        return self.running.client("cloudformation")

    def deploy(self, template: Template, parameters: dict[str, str] | None = None) -> str:
        """Create or update the stack; give its status."""
        kind = "UPDATE" if self._exists() else "CREATE"
        self.client.create_change_set(
            StackName=self.name,
            ChangeSetName="deploy",
            ChangeSetType=kind,
            TemplateBody=json.dumps(template),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
            ],
        )
        self.client.execute_change_set(StackName=self.name, ChangeSetName="deploy")
        return self.status()

    def deploy_resources(self, **resources: Any) -> dict[str, str]:
        """Deploy resources and insist on success; give physical ids by logical ids."""
        status = self.deploy({"Resources": resources})
        assert status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, self.failures()
        return self.physical_ids()

    def delete(self) -> str:
        stack_id = self.describe()["StackId"]
        self.client.delete_stack(StackName=self.name)
        status: str = self.client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        return status

    def describe(self) -> Any:
        return self.client.describe_stacks(StackName=self.name)["Stacks"][0]

    def status(self) -> str:
        status: str = self.describe()["StackStatus"]
        return status

    def outputs(self) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.describe().get("Outputs", [])}

    def physical_ids(self) -> dict[str, str]:
        found = self.client.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}

    def events(self) -> list[tuple[str, str, str]]:
        """Logical id, status and reason, the oldest first."""
        found = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            (each["LogicalResourceId"], each["ResourceStatus"], each.get("ResourceStatusReason", ""))
            for each in reversed(found)
        ]

    def failures(self) -> list[tuple[str, str, str]]:
        return [event for event in self.events() if event[1].endswith("FAILED")]

    def _exists(self) -> bool:
        return any(each["StackName"] == self.name for each in self.client.describe_stacks()["Stacks"])
