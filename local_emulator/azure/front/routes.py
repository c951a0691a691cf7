"""Which function answers a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local_emulator.azure.errors import DeploymentRefused
from local_emulator.azure.front.templates import RouteTemplate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_emulator.azure.deployment.functions import Function

_LEVELS = ("anonymous", "function", "admin")
_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Route:
    """A way to a function. Without methods it takes all."""

    function: Function
    template: RouteTemplate
    methods: frozenset[str]
    level: str


@dataclass(frozen=True, slots=True)
class Found:
    """A route and the parameters that it took from the path."""

    route: Route
    parameters: Mapping[str, str]


class Router:
    """The routes of every HTTP function, the most specific first."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        routes = [
            _route(function, prefix) for function in functions if function.trigger.kind == "httpTrigger"
        ]
        self.routes = tuple(sorted(routes, key=lambda route: route.template.precedence))

    def find(self, method: str, path: str) -> Found | None:
        """Find by method and encoded path. A method that no route takes is not found, either, as on Azure."""
        decoded = "%2F".join(unquote(part) for part in _ENCODED_SLASH.split(path))
        for route in self.routes:
            if route.methods and method not in route.methods:
                continue
            parameters = route.template.match(decoded)
            if parameters is not None:
                return Found(route, parameters)
        return None


def _route(function: Function, prefix: str) -> Route:
    binding = function.trigger
    where = function.where(binding)
    own = binding.text("route") or function.name
    text = f"{prefix}/{own.lstrip('/')}" if prefix else own.lstrip("/")
    level = binding.text("authLevel", "function").lower()
    if level not in _LEVELS:
        raise DeploymentRefused(f"{where}: authLevel is {level!r}; one of {', '.join(_LEVELS)} is accepted")
    methods = frozenset(str(method).upper() for method in binding.settings.get("methods") or ())
    return Route(function, RouteTemplate(text, where), methods, level)
