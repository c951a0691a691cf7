"""Event filter patterns, as far as Lambda takes them: matching of one value against one list of conditions.

Source: "Filter rule syntax" in the Lambda Developer Guide. Operators that EventBridge has and Lambda's table
lacks (wildcard, cidr) are refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.event_sources.errors import InvalidMapping

if TYPE_CHECKING:
    from collections.abc import Callable

ABSENT = object()  # the value of a field that an event does not have
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def condition_matches(condition: Any, value: Any) -> bool:
    """Match a value, or any element of an array, against one condition that `check_condition` accepted."""
    if isinstance(condition, dict) and "exists" in condition:
        return bool(condition["exists"]) is (value is not ABSENT)
    if value is ABSENT:
        return False
    values = value if isinstance(value, list) else [value]
    return any(_matches(condition, each) for each in values)


def check_condition(condition: Any) -> None:
    """Raise InvalidMapping for a condition that is no literal and no known operator."""
    if condition is None or isinstance(condition, str | bool | int | float):
        return
    if not isinstance(condition, dict) or len(condition) != 1:
        raise _invalid(f"{condition!r} is no string, number, boolean, null or object with one operator")
    ((operator, operand),) = condition.items()
    if operator not in _CHECKS:
        raise _invalid(
            f"operator {operator!r} is not supported by the emulator; it takes {', '.join(sorted(_CHECKS))}"
        )
    if not _CHECKS[operator](operand):
        raise _invalid(f"{operand!r} is no operand of {operator!r}")


def _matches(condition: Any, value: Any) -> bool:
    if not isinstance(condition, dict):
        return _equal(condition, value)
    ((operator, operand),) = condition.items()
    if operator == "anything-but":
        return _is_anything_but(operand, value)
    if operator == "numeric":
        return _is_number(value) and all(
            _COMPARE[sign](value, bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True)
        )
    if not isinstance(value, str):
        return False
    if operator == "equals-ignore-case":
        return bool(value.lower() == operand.lower())
    return value.startswith(operand) if operator == "prefix" else value.endswith(operand)


def _is_anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        return not _matches(operand, value)
    excluded = operand if isinstance(operand, list) else [operand]
    return not any(_equal(each, value) for each in excluded)


def _equal(condition: Any, value: Any) -> bool:
    """Compare as JSON does: true is not 1, but 300 is 3.0e2."""
    if _is_number(condition) and _is_number(value):
        return bool(condition == value)
    return type(condition) is type(value) and bool(condition == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (2, 4)
        and all(isinstance(sign, str) and sign in _COMPARE for sign in value[::2])
        and all(_is_number(bound) for bound in value[1::2])
    )


def _is_exclusion(value: Any) -> bool:
    if isinstance(value, dict):
        return len(value) == 1 and all(
            name in ("prefix", "suffix", "equals-ignore-case") and _is_text(text)
            for name, text in value.items()
        )
    excluded = value if isinstance(value, list) else [value]
    return bool(excluded) and all(_is_text(each) or _is_number(each) for each in excluded)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "anything-but": _is_exclusion,
    "equals-ignore-case": _is_text,
    "exists": lambda value: isinstance(value, bool),
    "numeric": _is_range,
    "prefix": _is_text,
    "suffix": _is_text,
}


def _invalid(reason: str) -> InvalidMapping:
    return InvalidMapping(f"Invalid filter pattern definition. {reason}")
