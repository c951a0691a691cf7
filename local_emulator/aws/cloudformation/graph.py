"""In which order the resources of a template come: what is referred to comes first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SUBSTITUTED = re.compile(r"\$\{([^!}][^}]*)\}")


def references(definition: Any) -> Iterator[str]:
    """Give every name that a piece of template refers to: resources, parameters, pseudo parameters."""
    if isinstance(definition, list):
        for item in definition:
            yield from references(item)
    elif isinstance(definition, dict):
        for key, value in definition.items():
            yield from _named(key, value)
            yield from references(value)


def _named(key: str, value: Any) -> Iterator[str]:
    if key == "Ref" and isinstance(value, str):
        yield value
    elif key == "Fn::GetAtt":
        yield str(value[0]) if isinstance(value, list) else str(value).split(".", 1)[0]
    elif key == "Fn::Sub":
        text = value[0] if isinstance(value, list) else value
        yield from (name.split(".", 1)[0].strip() for name in _SUBSTITUTED.findall(str(text)))
    elif key == "DependsOn":
        yield from [value] if isinstance(value, str) else value


def dependency_order(definitions: Mapping[str, Any]) -> list[str]:
    """Sort logical ids so that each comes after what it refers to, and else as the template has them."""
    needs = {
        name: [other for other in references(definition) if other in definitions and other != name]
        for name, definition in definitions.items()
    }
    ordered: dict[str, None] = {}
    open_path: list[str] = []

    def visit(name: str) -> None:
        if name in ordered:
            return
        if name in open_path:
            circle = ", ".join([*open_path[open_path.index(name) :], name])
            raise DeploymentError(f"Circular dependency between resources: [{circle}]")
        open_path.append(name)
        for other in needs[name]:
            visit(other)
        open_path.pop()
        ordered[name] = None

    for name in definitions:
        visit(name)
    return list(ordered)
