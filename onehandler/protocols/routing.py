"""Paths and methods: a template table, the one way to look a request up in it, and to whom it then goes."""

from __future__ import annotations

from onehandler.errors import MethodNotAllowed, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Final, TypeAlias

    from onehandler.bundle import Bundle
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.protocols import Served

    Parameters: TypeAlias = Mapping[str, str]
    Endpoint: TypeAlias = Callable[[Handler, Request, Parameters], Response]
    ServerEndpoint: TypeAlias = Callable[[Served, Request, Parameters], Response]
    AnyRoute: TypeAlias = "Route | ServerRoute"

_JSON = ("application/json",)


class Template:
    """One method on one path template.

    A template's segments are literal ("models"), a parameter ("{name}") or a parameter with a verb
    ("{name}:predict"). A GET route answers HEAD too. `summary` is what the OpenAPI
    document says of it; a route without one only refuses, and is not in the document. `writes` are the media
    types of its answers: the first unless the Accept header likes another better.
    """

    __slots__ = ("_segments", "literal", "method", "summary", "template", "writes")

    def __init__(self, method: str, template: str, summary: str, writes: tuple[str, ...] = _JSON) -> None:
        self.method: Final = method
        self.template: Final = template
        self.summary: Final = summary
        self.writes: Final = writes
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


class Route(Template):
    """A route to one model: the one that the template's {name}, {version} and {label} say, else the default."""

    __slots__ = ("endpoint",)

    def __init__(
        self, method: str, template: str, endpoint: Endpoint, summary: str, writes: tuple[str, ...] = _JSON
    ) -> None:
        super().__init__(method, template, summary, writes)
        self.endpoint: Final = endpoint

    def answer(self, served: Served, request: Request, parameters: Parameters) -> Response:
        """What that model's endpoint answers; NotFound when it isn't served."""
        handler = served.choose(request, parameters)
        response = self.endpoint(handler, request, parameters)
        return response if handler is served else _named(response, handler.bundle)


class ServerRoute(Template):
    """A route to all that is served: its endpoint looks for the models itself."""

    __slots__ = ("endpoint",)

    def __init__(
        self,
        method: str,
        template: str,
        endpoint: ServerEndpoint,
        summary: str,
        writes: tuple[str, ...] = _JSON,
    ) -> None:
        super().__init__(method, template, summary, writes)
        self.endpoint: Final = endpoint

    def answer(self, served: Served, request: Request, parameters: Parameters) -> Response:
        """What the endpoint answers."""
        return self.endpoint(served, request, parameters)


def require_served(bundle: Bundle, parameters: Parameters) -> None:
    """Refuse any model or version but this one, and labels: a single bundle has none."""
    if (
        parameters.get("name", bundle.name) != bundle.name
        or parameters.get("version", bundle.version) != bundle.version
    ):
        raise NotFound(
            f"no such model or version here: this server has model '{bundle.name}', version {bundle.version}"
        )
    if "label" in parameters:
        raise NotFound("this model's versions have no labels; leave them away or use /versions/…")


def _named(response: Response, bundle: Bundle) -> Response:
    """The response with the model that gave it, where there are several."""
    headers = {**response.headers, "onehandler-model": bundle.name, "onehandler-version": bundle.version}
    return type(response)(response.status, headers, response.body, response.rows)


def find(routes: Sequence[AnyRoute], method: str, path: str) -> tuple[AnyRoute, Parameters]:
    """Look up the route for a request; NotFound or MethodNotAllowed when there is none."""
    for route in routes:  # most requests are for a path without parameters
        if route.literal and route.template == path and route.method == method:
            return route, {}
    wanted = "GET" if method == "HEAD" else method
    others = []
    for route in routes:
        found = route.match(path)
        if found is not None and route.method == wanted:
            return route, found
        if found is not None:
            others.append(route)
    allowed = _allowed(others)
    raise MethodNotAllowed(f"this path takes {', '.join(allowed)}", allowed=allowed)


def allowed_methods(routes: Sequence[AnyRoute], path: str) -> tuple[str, ...]:
    """The methods that a path takes, OPTIONS among them; NotFound when it is no path of ours."""
    return _allowed([route for route in routes if route.match(path) is not None])


def _allowed(routes: Sequence[AnyRoute]) -> tuple[str, ...]:
    if not routes:
        raise NotFound(
            "there is nothing at this path; POST /predict answers predictions and /docs lists every path"
        )
    methods = {route.method for route in routes} | {"OPTIONS"}
    return tuple(sorted(methods | {"HEAD"} if "GET" in methods else methods))
