"""From properties to the parameters of an API call, by the shape that the service's own model gives.

CloudFormation takes "10" for 10 and "true" for true; the APIs do not. What the API has no member for is
refused by name: a property dropped in silence would be a template that half works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import DeploymentError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TRUTH = {"true": True, "false": False}


def call_input(client: Any, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn properties into the parameters of an operation, such as "CreateFunction"."""
    shape = client.meta.service_model.operation_model(operation).input_shape
    return dict(_structure(shape, values, ""))


def _convert(shape: Any, value: Any, where: str) -> Any:
    converter = _BY_KIND.get(shape.type_name)
    return value if converter is None else converter(shape, value, where)


def _structure(shape: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DeploymentError(f"Properties validation failed: {where} must be an object, not {value!r}")
    unknown = [name for name in value if name not in shape.members]
    if unknown:
        raise UnsupportedError(
            f"property {_inside(where, unknown[0])} is not supported by the emulator; "
            f"it takes {', '.join(sorted(shape.members))}"
        )
    return {name: _convert(shape.members[name], item, _inside(where, name)) for name, item in value.items()}


def _list(shape: Any, value: Any, where: str) -> list[Any]:
    items = value if isinstance(value, list) else [value]
    return [_convert(shape.member, item, f"{where}[{index}]") for index, item in enumerate(items)]


def _map(shape: Any, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DeploymentError(f"Properties validation failed: {where} must be an object, not {value!r}")
    return {str(key): _convert(shape.value, item, _inside(where, key)) for key, item in value.items()}


def _number(shape: Any, value: Any, where: str) -> int | float:
    kind = int if shape.type_name in {"integer", "long"} else float
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise DeploymentError(
            f"Properties validation failed: {where} must be a number, not {value!r}"
        ) from error


def _boolean(_: Any, value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in _TRUTH:
        raise DeploymentError(f"Properties validation failed: {where} must be true or false, not {value!r}")
    return _TRUTH[str(value).lower()]


def _string(_: Any, value: Any, __: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


_BY_KIND: dict[str, Callable[[Any, Any, str], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "string": _string,
}
