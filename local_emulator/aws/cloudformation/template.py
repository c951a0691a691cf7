"""Templates: how they are read, and what is wrong with one before anything is deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import DeploymentError
from local_emulator.aws.cloudformation.graph import dependency_order, references

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.aws.cloudformation.registry import TypeRegistry


def parse(text: str, parse_yaml: Callable[[str], Any]) -> dict[str, Any]:
    """Read a template, JSON first: the YAML reader takes it too, but slowly, and splits surrogate pairs."""
    try:
        template = json.loads(text)
    except ValueError:
        template = parse_yaml(text)
    if not isinstance(template, dict):
        raise DeploymentError("Template format error: the template must be an object")
    return template


def check(template: Mapping[str, Any], types: TypeRegistry) -> None:
    """Raise DeploymentError for what would fail half way otherwise."""
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise DeploymentError("Template format error: At least one Resources member must be defined.")
    types.check(resources)
    known = {*resources, *template.get("Parameters", {}), *template.get("Mappings", {})}
    for block in ("Resources", "Outputs"):
        missing = sorted(
            {
                name
                for name in references(template.get(block, {}))
                if name not in known and not name.startswith("AWS::") and not _is_local(name, template[block])
            }
        )
        if missing:
            names = ", ".join(missing)
            raise DeploymentError(
                f"Template format error: Unresolved resource dependencies [{names}] "
                f"in the {block} block of the template"
            )
    dependency_order(resources)


def summary(template: Mapping[str, Any]) -> dict[str, Any]:
    """Give what ValidateTemplate tells of a good template."""
    parameters = [
        {
            "ParameterKey": name,
            "DefaultValue": str(item["Default"]) if "Default" in item else None,
            "NoEcho": str(item.get("NoEcho", False)).lower() == "true",
            "Description": item.get("Description"),
        }
        for name, item in template.get("Parameters", {}).items()
    ]
    description = template.get("Description", "")
    return {"Description": description, "Parameters": parameters, "Capabilities": []}


def _is_local(name: str, block: Any) -> bool:
    """Tell whether a name is a variable that an Fn::Sub of this block brings itself."""
    if isinstance(block, list):
        return any(_is_local(name, item) for item in block)
    if not isinstance(block, dict):
        return False
    substitution = block.get("Fn::Sub")
    if isinstance(substitution, list) and name in substitution[1]:
        return True
    return any(_is_local(name, item) for item in block.values())
