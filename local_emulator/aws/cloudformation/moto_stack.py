"""A stack of moto's, as the engine wants it. The only place that reaches into moto's private state."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.handles import ResourceHandle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.cloudformation.contracts import Properties
    from local_emulator.aws.cloudformation.local_addresses import LocalAddresses


class MotoStack:
    """Keeps handles in moto's resource map, where Ref, Fn::GetAtt and Describe… find them."""

    def __init__(self, stack: Any, exports: dict[str, Any], addresses: LocalAddresses) -> None:
        self.name: str = stack.name
        self.stack_id: str = stack.stack_id
        self.account_id: str = stack.account_id
        self.region: str = stack.region_name
        self._stack = stack
        self._map = stack.resource_map
        self._parsed: dict[str, Any] = vars(self._map)["_parsed_resources"]
        self._exports = exports
        self._addresses = addresses

    @property
    def tags(self) -> Mapping[str, str]:
        """The stack's own tags, which its resources get, too."""
        return dict(self._stack.tags)

    def load(self, template: dict[str, Any], text: str, parameters: Mapping[str, Any]) -> None:
        """Make this the stack's template: parameters, mappings and conditions are worked out anew."""
        stack, resources = self._stack, self._map
        stack.template, stack.template_dict = text, template
        stack.description = template.get("Description")
        stack.parameters = dict(parameters)
        vars(resources).update(
            _template=template, _resource_json_map=template["Resources"], resolved_parameters={}
        )
        resources.input_parameters = dict(parameters)
        resources.cross_stack_resources = self._exports
        resources.load()

    def handles(self) -> dict[str, ResourceHandle]:
        """Give what is deployed, by logical id."""
        return {name: item for name, item in self._parsed.items() if isinstance(item, ResourceHandle)}

    def put(self, handle: ResourceHandle) -> None:
        """Remember a resource: from now on it is what Ref and Fn::GetAtt find."""
        self._parsed[handle.logical_resource_id] = handle

    def drop(self, logical_id: str) -> None:
        """Forget a resource."""
        self._parsed.pop(logical_id, None)

    def resolve(self, definition: Mapping[str, Any]) -> Properties:
        """Give the properties of a resource with functions and references worked out."""
        from moto.cloudformation.parsing import clean_json

        properties = copy.deepcopy(definition.get("Properties") or {})
        resolved = _without_nothing(clean_json(properties, self._map))
        return dict(self._addresses.localise(resolved))

    def wants(self, definition: Mapping[str, Any]) -> bool:
        """Tell whether the condition of a resource holds."""
        condition = definition.get("Condition")
        return condition is None or bool(self._map.lazy_condition_map[condition])

    def record(self, handle: ResourceHandle, status: str, reason: str = "") -> None:
        """Add a stack event for a resource."""
        from moto.cloudformation.models import Event

        self._stack.events.append(
            Event(
                stack_id=self.stack_id,
                stack_name=self.name,
                logical_resource_id=handle.logical_resource_id,
                physical_resource_id=handle.physical_resource_id,
                resource_type=handle.cf_resource_type,
                resource_status=status,
                resource_status_reason=reason or None,
                resource_properties=json.dumps(dict(handle.properties), default=str),
            )
        )

    def mark(self, status: str, reason: str = "") -> None:
        """Change the stack's own status, with its event."""
        self._stack.status = status
        vars(type(self._stack))["_add_stack_event"](self._stack, status, reason or None)

    def publish_outputs(self) -> None:
        """Work out outputs and exports; exports that another stack has are refused."""
        from moto.cloudformation.exceptions import ValidationError
        from moto.cloudformation.parsing import OutputMap

        outputs = OutputMap(self._map, self._stack.template_dict, self.stack_id)
        list(outputs.values())  # every output is worked out, and fails here or never
        exports = {export.name: export for export in outputs.exports}
        for name in exports:
            owner = self._exports.get(name)
            if owner is not None and owner.exporting_stack_id != self.stack_id:
                raise ValidationError(message=f"Export with name {name} is already exported by another stack")
        self.withdraw_exports()
        self._stack.output_map = outputs
        self._exports.update(exports)

    def forget_outputs(self) -> None:
        """Leave the stack without outputs and exports: what they refer to is gone."""
        from moto.cloudformation.parsing import OutputMap

        self.withdraw_exports()
        self._stack.output_map = OutputMap(self._map, {"Outputs": {}}, self.stack_id)

    def withdraw_exports(self) -> None:
        """Take back every export of this stack."""
        for name, export in list(self._exports.items()):
            if export.exporting_stack_id == self.stack_id:
                del self._exports[name]


def _without_nothing(value: Any) -> Any:
    """Leave out what AWS::NoValue left behind; moto does so for objects, and keeps None in lists."""
    if isinstance(value, dict):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nothing(item) for item in value if item is not None]
    return value
