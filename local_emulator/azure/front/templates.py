"""Route templates, as ASP.NET Core reads them.

https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from local_emulator.azure.errors import DeploymentRefused

if TYPE_CHECKING:
    from collections.abc import Callable

# A regular expression inside may have braces of its own.
_PARAMETER = re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}")
_INSIDE = re.compile(
    r"(?P<star>\*{0,2})(?P<name>\w+)(?P<checks>(?::\w+(?:\(.*?\))?(?=[:=?]|$))*)(?:=(?P<default>.*?))?(?P<optional>\?)?"
)
_CHECK = re.compile(r":(\w+)(?:\((.*?)\))?(?=:|$)")
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")
_LONG = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One {parameter} of a template."""

    name: str
    checks: tuple[Callable[[str], bool], ...]
    default: str | None


class RouteTemplate:
    """A template, compiled. `precedence` sorts more specific templates first."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self._where = where
        segments = _split(text)
        self.precedence = tuple(_rank(segment) for segment in segments)
        self._parameters: dict[str, Parameter] = {}
        pattern = "".join(self._segment(segment) for segment in segments)
        self._pattern = re.compile(f"{pattern}/?", re.IGNORECASE | re.DOTALL)

    def match(self, path: str) -> dict[str, str] | None:
        """Give the parameters of a decoded path that begins with a slash, or None."""
        match = self._pattern.fullmatch(path if path != "/" else "")
        if match is None:
            return None
        found = {}
        for name, parameter in self._parameters.items():
            value = match[name] or parameter.default
            if not value:
                continue
            if not all(check(value) for check in parameter.checks):
                return None
            found[name] = value
        return found

    def _segment(self, segment: str) -> str:
        pattern, end, may_be_absent = "", 0, False
        for match in _PARAMETER.finditer(segment):
            inside = _INSIDE.fullmatch(match[1])
            if inside is None:
                raise DeploymentRefused(
                    f"{self._where}: route {self.text!r} has {match[0]!r}, which is no parameter"
                )
            pattern += re.escape(segment[end : match.start()]) + self._parameter(inside)
            end = match.end()
            may_be_absent = match[0] == segment and any(
                inside[part] is not None for part in ("optional", "default")
            )
            may_be_absent |= bool(inside["star"])
        pattern += re.escape(segment[end:])
        return f"(?:/{pattern})?" if may_be_absent else f"/{pattern}"

    def _parameter(self, inside: re.Match[str]) -> str:
        name = inside["name"]
        if name in self._parameters:
            raise DeploymentRefused(f"{self._where}: route {self.text!r} names {{{name}}} twice")
        where = f"{self._where}: route {self.text!r}"
        checks = tuple(_check(word, argument, where) for word, argument in _CHECK.findall(inside["checks"]))
        self._parameters[name] = Parameter(name, checks, inside["default"])
        return f"(?P<{name}>.*)" if inside["star"] else f"(?P<{name}>[^/]+?)"


def _split(text: str) -> list[str]:
    """Split at slashes outside braces: a regular expression in a constraint may have some."""
    whole = [(match.start(), match.end()) for match in _PARAMETER.finditer(text)]
    cuts = [
        at
        for at, sign in enumerate(text)
        if sign == "/" and not any(start < at < end for start, end in whole)
    ]
    ends = [-1, *cuts, len(text)]
    return [text[start + 1 : end] for start, end in pairwise(ends) if text[start + 1 : end]]


def _rank(segment: str) -> int:
    """Rank one segment as RoutePrecedence.ComputeInbound does."""
    match = _PARAMETER.search(segment)
    if match is None:
        return 1
    if match[0] != segment:
        return 2
    base = 5 if match[1].startswith("*") else 3
    return base - 1 if ":" in match[1] else base


def _check(word: str, argument: str, where: str) -> Callable[[str], bool]:
    if word in _PLAIN:
        return _PLAIN[word]
    numbers = [int(part) for part in argument.split(",")] if re.fullmatch(r"-?\d+(,-?\d+)?", argument) else []
    if word == "regex":
        return _matching(argument, where)
    if word in _MEASURED and numbers:
        return lambda value: _MEASURED[word](value, numbers)
    raise DeploymentRefused(
        f"{where} has a constraint {word}({argument}), which is not one of {', '.join((*_PLAIN, *_MEASURED))}, regex"
    )


def _matching(expression: str, where: str) -> Callable[[str], bool]:
    try:
        pattern = re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise DeploymentRefused(f"{where} has a regular expression that is none: {error}") from error
    return lambda value: pattern.search(value) is not None


def _is_guid(value: str) -> bool:
    try:
        uuid.UUID(value)
    except ValueError:
        return False
    return True


def _is_datetime(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _is_long(value: str) -> bool:
    return _LONG.fullmatch(value) is not None and -(2**63) <= int(value) < 2**63


def _is_int(value: str) -> bool:
    return _INTEGER.fullmatch(value) is not None and -(2**31) <= int(value) < 2**31


_PLAIN: dict[str, Callable[[str], bool]] = {
    "int": _is_int,
    "long": _is_long,
    "bool": lambda value: value.lower() in {"true", "false"},
    "datetime": _is_datetime,
    "decimal": _is_number,
    "double": _is_number,
    "float": _is_number,
    "guid": _is_guid,
    "alpha": lambda value: re.fullmatch("[A-Za-z]*", value) is not None,
    "required": bool,
}
_MEASURED: dict[str, Callable[[str, list[int]], bool]] = {
    "min": lambda value, numbers: _is_long(value) and int(value) >= numbers[0],
    "max": lambda value, numbers: _is_long(value) and int(value) <= numbers[0],
    "range": lambda value, numbers: _is_long(value) and numbers[0] <= int(value) <= numbers[-1],
    "minlength": lambda value, numbers: len(value) >= numbers[0],
    "maxlength": lambda value, numbers: len(value) <= numbers[0],
    "length": lambda value, numbers: numbers[0] <= len(value) <= numbers[-1],
}
