"""Resource types that moto deploys itself, through its own CloudFormation models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import Deployed, DeploymentError, UnsupportedError

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties


class MotoResource:
    """A type of moto's, for which the emulator has no own module."""

    replaced_by: frozenset[str] = frozenset()  # moto's models replace within their update

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.name_property = str(model.cloudformation_name_type() or "")
        self._model = model

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Let moto create it."""
        name = self._resource_name(place, properties)
        made = self._model.create_from_cloudformation_json(
            name,
            self._definition(properties),
            place.account_id,
            place.region,
            LogicalId=place.logical_id,
            StackId=place.stack_id,
            ResourceType=self.name,
        )
        return self._deployed(place, made)

    def update(self, place: Place, deployed: Deployed, _old: Properties, new: Properties) -> Deployed:
        """Let moto change it; refused by name where moto cannot."""
        change = self._model.update_from_cloudformation_json
        if hasattr(change, "__isabstractmethod__"):
            raise UnsupportedError(
                f"changing an {self.name} in place is not supported by the emulator: "
                f"deploy it under another logical id than {place.logical_id}"
            )
        made = change(
            original_resource=deployed.model,
            new_resource_name=self._resource_name(place, new),
            cloudformation_json=self._definition(new),
            account_id=place.account_id,
            region_name=place.region,
        )
        return self._deployed(place, made)

    def delete(self, place: Place, deployed: Deployed, properties: Properties) -> None:
        """Let moto delete it; refused by name where moto cannot."""
        own = getattr(deployed.model, "delete", None)
        if callable(own) and not hasattr(own, "__isabstractmethod__"):
            own(place.account_id, place.region)
            return
        remove = self._model.delete_from_cloudformation_json
        if hasattr(remove, "__isabstractmethod__"):
            raise UnsupportedError(
                f"deleting an {self.name} is not supported by the emulator: "
                "set DeletionPolicy: Retain, or delete it through its own API"
            )
        remove(deployed.physical_id, self._definition(properties), place.account_id, place.region)

    def _definition(self, properties: Properties) -> dict[str, Any]:
        return {"Type": self.name, "Properties": dict(properties)}

    def _resource_name(self, place: Place, properties: Properties) -> str:
        from moto.cloudformation.parsing import generate_resource_name

        given = properties.get(self.name_property) if self.name_property else None
        return str(given or generate_resource_name(self.name, place.stack_name, place.logical_id))

    def _deployed(self, place: Place, made: Any) -> Deployed:
        if made is None:
            raise DeploymentError(f"moto made nothing of the {self.name} {place.logical_id}")
        made.cf_resource_type = self.name
        made.logical_resource_id = place.logical_id
        return Deployed(str(made.physical_resource_id), _Attributes(made), made)


class _Attributes(Mapping[str, Any]):
    """The attributes of moto's model, asked when needed: some change as the resource lives."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getitem__(self, name: str) -> Any:
        from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

        try:
            return self._model.get_cfn_attribute(name)
        except (AttributeError, NotImplementedError, UnformattedGetAttTemplateException) as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return iter(())  # moto's models answer; they do not list

    def __len__(self) -> int:
        return 0
