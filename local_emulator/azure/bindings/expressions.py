"""Binding expressions: the {name} in a path or a queue's name.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_EXPRESSION = re.compile(r"\{([^{}]+)\}")
_DATE_PARTS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_DATE_PART = re.compile(r"([A-SU-Ya-z%])\1*")  # T and Z stand for themselves
_GUID_FORMS: dict[str, Callable[[uuid.UUID], str]] = {
    "": str,
    "D": str,
    "N": lambda made: made.hex,
    "B": lambda made: f"{{{made}}}",
    "P": lambda made: f"({made})",
}
_DEFAULT_DATE = "%Y-%m-%dT%H-%M-%SZ"


class UnresolvedExpression(Exception):
    """An expression names something that the trigger does not say."""


def expand(template: str, data: Mapping[str, Any]) -> str:
    """Replace every {expression}. `data` is the trigger's. Raises UnresolvedExpression."""
    names = {name.lower(): value for name, value in data.items()}
    return _EXPRESSION.sub(lambda match: _value(match[1], names), template)


def with_json(data: Mapping[str, Any], body: bytes | str) -> dict[str, Any]:
    """Add the properties of a JSON object, which expressions can name, too."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # no JSON, or nested deeper than anybody names
        return dict(data)
    if not isinstance(document, dict):
        return dict(data)
    taken: dict[str, str] = {name.lower(): name for name in data}
    added: dict[str, Any] = {
        str(taken.get(name.lower(), name)): value
        for name, value in document.items()
        if value is not None and not isinstance(value, list)
    }
    return {**data, **added}


def _value(expression: str, names: Mapping[str, Any]) -> str:
    name, _, form = expression.partition(":")
    system = name.lower()
    if system in {"rand-guid", "sys.randguid"}:
        return _guid(form)
    if system in {"datetime", "sys.utcnow"} and system not in names:
        return datetime.now(UTC).strftime(_date_format(form))
    value: Any = names
    for step in name.split("."):
        found = {key.lower(): item for key, item in value.items()} if isinstance(value, dict) else {}
        if step.lower() not in found:
            raise UnresolvedExpression(
                f"No value for named parameter '{name}'; the trigger gives {', '.join(sorted(names)) or 'none'}"
            )
        value = found[step.lower()]
    return value if isinstance(value, str) else json.dumps(value)


def _guid(form: str) -> str:
    if form not in _GUID_FORMS:
        raise UnresolvedExpression(f"{{rand-guid:{form}}} is not a form of GUID; there are N, D, B and P")
    return _GUID_FORMS[form](uuid.uuid4())


def _date_format(form: str) -> str:
    if not form:
        return _DEFAULT_DATE
    unknown = [match[0] for match in _DATE_PART.finditer(form) if match[0] not in _DATE_PARTS]
    if unknown:
        raise UnresolvedExpression(
            f"{{DateTime:{form}}} has {unknown[0]!r}, which is not emulated; there are {', '.join(_DATE_PARTS)}"
        )
    return _DATE_PART.sub(lambda match: _DATE_PARTS[match[0]], form)
