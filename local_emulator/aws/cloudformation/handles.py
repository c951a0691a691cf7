"""What a stack remembers of each resource between deployments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.cloudformation.contracts import Deployed, Properties

_KEPT = frozenset({"Retain", "RetainExceptOnCreate"})


@dataclass(frozen=True, slots=True)
class ResourceHandle:
    """A deployed resource, in the words that moto's answers read from its own models."""

    logical_resource_id: str
    cf_resource_type: str
    definition: Mapping[str, Any]  # as the template has it
    properties: Properties  # with references resolved
    deployed: Deployed

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return self.deployed.physical_id

    @property
    def retained(self) -> bool:
        """Whether the template wants it kept when it leaves the stack."""
        return self.definition.get("DeletionPolicy") in _KEPT

    @property
    def kept_when_replaced(self) -> bool:
        """Whether the template wants the old one kept when a change makes a new one."""
        return self.definition.get("UpdateReplacePolicy") in _KEPT

    def get_cfn_attribute(self, name: str) -> Any:
        """Give what Fn::GetAtt asks for; an unknown attribute is moto's error for it."""
        if name not in self.deployed.attributes:
            # Here: the engine's values are used and tested without moto.
            from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

            raise UnformattedGetAttTemplateException
        return self.deployed.attributes[name]

    def is_created(self) -> bool:
        """Tell moto that nothing is outstanding."""
        return True
