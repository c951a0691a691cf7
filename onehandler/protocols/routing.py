"""Paths and methods: a template table and the one way to look a request up in it."""

from __future__ import annotations

from onehandler.errors import MethodNotAllowed, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Final, TypeAlias

    from onehandler.handler import Handler
    from onehandler.message import Request, Response

    Parameters: TypeAlias = Mapping[str, str]
    Endpoint: TypeAlias = Callable[[Handler, Request, Parameters], Response]


class Route:
    """One method on one path template.

    A template's segments are literal ("models"), a parameter ("{name}") or a parameter with a verb
    ("{name}:predict"). A GET route answers HEAD too. `summary` is what the OpenAPI
    document says of it; a route without one only refuses, and is not in the document.
    """

    __slots__ = ("_segments", "endpoint", "literal", "method", "summary", "template")

    def __init__(self, method: str, template: str, endpoint: Endpoint, summary: str) -> None:
        self.method: Final = method
        self.template: Final = template
        self.endpoint: Final = endpoint
        self.summary: Final = summary
        self.literal: Final = "{" not in template
        self._segments: Final = template.split("/")

    def match(self, path: str) -> Parameters | None:
        """The template's parameters as this path fills them, or None when the path is another's."""
        parts = path.split("/")
        if len(parts) != len(self._segments):
            return None
        found = {}
        for segment, part in zip(self._segments, parts, strict=True):
            if not segment.startswith("{"):
                if segment != part:
                    return None
                continue
            name, _, verb = segment[1:].partition("}")
            value = part.removesuffix(verb)
            if not value or ":" in value or (verb and value == part):
                return None
            found[name] = value
        return found


def find(routes: Sequence[Route], method: str, path: str) -> tuple[Route, Parameters]:
    """Look up the route for a request; NotFound or MethodNotAllowed when there is none."""
    for route in routes:  # most requests are for a path without parameters
        if route.literal and route.template == path and route.method == method:
            return route, {}
    matches = [(route, found) for route in routes if (found := route.match(path)) is not None]
    wanted = "GET" if method == "HEAD" else method
    for route, found in matches:
        if route.method == wanted:
            return route, found
    allowed = _allowed([route for route, _ in matches])
    raise MethodNotAllowed(f"this path takes {', '.join(allowed)}", allowed=allowed)


def allowed_methods(routes: Sequence[Route], path: str) -> tuple[str, ...]:
    """The methods that a path takes, OPTIONS among them; NotFound when it is no path of ours."""
    return _allowed([route for route in routes if route.match(path) is not None])


def _allowed(routes: Sequence[Route]) -> tuple[str, ...]:
    if not routes:
        raise NotFound(
            "there is nothing at this path; POST /predict answers predictions and /docs lists every path"
        )
    methods = {route.method for route in routes} | {"OPTIONS"}
    return tuple(sorted(methods | {"HEAD"} if "GET" in methods else methods))
