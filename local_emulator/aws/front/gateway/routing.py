"""Which route of an HTTP API a request takes: pure, and compiled once for a definition.

API Gateway prefers a full match, then a greedy one (`{proxy+}`), then `$default`; among matches of a kind
the path that is literal furthest to the left, and a named method before ANY.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_emulator.aws.front.ports import RouteDefinition, StageDefinition

DEFAULT = "$default"
_VARIABLE = re.compile(r"\{([^{}+]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class MatchedRoute:
    """A route, and the values of its path variables, decoded."""

    route: RouteDefinition
    path_parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class _CompiledRoute:
    route: RouteDefinition
    method: str
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    rank: tuple[bool, tuple[int, ...], bool]

    def match(self, method: str, path: str) -> MatchedRoute | None:
        if self.method not in {method, "ANY"}:
            return None
        match = self.pattern.fullmatch(path)
        if match is None:
            return None
        values = (unquote(value) for value in match.groups())
        return MatchedRoute(self.route, dict(zip(self.names, values, strict=True)))


class Router:
    """The routes of one API."""

    def __init__(self, routes: Iterable[RouteDefinition]) -> None:
        self._default: RouteDefinition | None = None
        compiled = []
        for route in routes:
            if route.route_key == DEFAULT:
                self._default = route
            else:
                compiled.append(_compile(route))
        self._routes = sorted(compiled, key=lambda each: each.rank)

    def match(self, method: str, path: str) -> MatchedRoute | None:
        """Find the route for a path without its stage, still percent-encoded."""
        for route in self._routes:
            matched = route.match(method, path)
            if matched is not None:
                return matched
        return None if self._default is None else MatchedRoute(self._default, {})


def _compile(route: RouteDefinition) -> _CompiledRoute:
    method, _, path = route.route_key.partition(" ")
    names, patterns, ranks = [], [], []
    for segment in path.strip("/").split("/"):
        variable = _VARIABLE.fullmatch(segment)
        if variable is None:
            patterns.append(re.escape(segment))
            ranks.append(0)
            continue
        names.append(variable.group(1))
        greedy = bool(variable.group(2))
        patterns.append("(.+)" if greedy else "([^/]+)")
        ranks.append(2 if greedy else 1)
    pattern = re.compile("/" + "/".join(patterns))
    rank = (max(ranks) == 2, tuple(ranks), method == "ANY")
    return _CompiledRoute(route, method, pattern, tuple(names), rank)


def split_stage(stages: Iterable[StageDefinition], path: str) -> tuple[StageDefinition, str] | None:
    """Find the stage of a path and what is left of the path; None when no stage is meant by it."""
    by_name = {stage.name: stage for stage in stages}
    first, slash, rest = path.removeprefix("/").partition("/")
    named = by_name.get(first) if first != DEFAULT else None
    if named is not None:
        return named, slash + rest or "/"
    default = by_name.get(DEFAULT)
    return None if default is None else (default, path)
