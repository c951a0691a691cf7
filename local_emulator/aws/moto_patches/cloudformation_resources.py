"""moto creates resources when it looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target

if TYPE_CHECKING:
    from local_emulator.aws.services import Services


def _apply(_: Services) -> None:
    """Describing a stack that failed half way would create the other half.

    Describing one with a condition that does not hold fails on the None that stands for its resource.
    """
    from moto.cloudformation.exceptions import ValidationError
    from moto.cloudformation.models import Stack
    from moto.cloudformation.parsing import ResourceMap

    def get_item(self: Any, key: str) -> Any:
        parsed = vars(self)["_parsed_resources"]
        if key in parsed:
            return parsed[key]
        if key not in vars(self)["_resource_json_map"]:
            raise KeyError(key)
        raise ValidationError(message=f"Unresolved resource dependencies [{key}]: it is not deployed")

    def stack_resources(self: Any) -> list[Any]:
        parsed = vars(self.resource_map)["_parsed_resources"]
        return [parsed[name] for name in self.resource_map.resources if name in parsed]

    ResourceMap.__getitem__ = get_item
    Stack.stack_resources = property(stack_resources)


PATCH = Patch(
    "cloudformation-resources",
    (
        Target("moto.cloudformation.parsing", "ResourceMap.__getitem__", "bfa3c026d08d"),
        Target("moto.cloudformation.models", "Stack.stack_resources", "48081724e7f6"),
    ),
    _apply,
)
