"""Client protocols, one file each, and the way from a request to the one that answers it.

A protocol is known by the first segment of its paths, so that a cold start imports only the one that is
called. Adding one is a file here with `PROTOCOL`, a line in `PROTOCOLS` and a parameter in the conformance
suite.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol as TypingProtocol

    from onehandler.bundle import Bundle
    from onehandler.errors import OnehandlerError
    from onehandler.handler import Handler
    from onehandler.message import Request, Response
    from onehandler.openapi import Description
    from onehandler.protocols.listing import Listed
    from onehandler.protocols.routing import AnyRoute, Parameters
    from onehandler.settings import Settings
    from onehandler.telemetry import Telemetry

    class Served(TypingProtocol):
        """What carriers serve: one bundle's Handler, or several models (onehandler.models)."""

        @property
        def settings(self) -> Settings:
            """What the deployment decides."""
            ...

        @property
        def telemetry(self) -> Telemetry:
            """Log and metrics of all of it."""
            ...

        def answer(self, request: Request) -> Response:
            """Answer any client protocol; never raises."""
            ...

        def choose(self, request: Request, parameters: Parameters) -> Handler:
            """The handler of the model that a path's `name`, `version` or `label` say, else the default.

            Raises NotFound when it isn't served, Unavailable when it cannot be loaded for now.
            """
            ...

        def listed(self) -> Sequence[Listed]:
            """Every version of every model, in order."""
            ...

        def bundles(self) -> Sequence[Bundle]:
            """What there is to document, at least one: first the bundle of requests that name no model."""
            ...

    class Protocol(TypingProtocol):
        """What each protocol's file offers as `PROTOCOL`."""

        @property
        def routes(self) -> tuple[AnyRoute, ...]:
            """Every path it serves; no two protocols may claim the same."""
            ...

        def refuse(self, error: OnehandlerError) -> Response:
            """Say an error the way this protocol's clients expect it."""
            ...

        def describe(self, route: AnyRoute, bundle: Bundle) -> Description | None:
            """Bodies of one route for the OpenAPI document; None of one that never answers this bundle's model."""
            ...


# First path segment → module. Segments are disjoint: a segment belongs to one protocol.
PROTOCOLS = {
    "predict": "onehandler.protocols.native",
    "v1": "onehandler.protocols.tf_serving",
    "v2": "onehandler.protocols.open_inference",
    "healthz": "onehandler.protocols.health",
    "health": "onehandler.protocols.health",
    "ping": "onehandler.protocols.health",
    "invocations": "onehandler.protocols.invocations",
    "version": "onehandler.protocols.invocations",
    "execution-parameters": "onehandler.protocols.invocations",
    "predictions": "onehandler.protocols.torchserve",
    "models": "onehandler.protocols.torchserve",
    "score": "onehandler.protocols.azure_ml",
    "vertex-ai": "onehandler.protocols.vertex_ai",
}
_loaded: dict[str, Protocol] = {}


def serves(path: str) -> bool:
    """Tell whether a path belongs to a protocol (the fast lane) rather than to the web application."""
    return _segment(path) in PROTOCOLS


def protocol_at(path: str) -> Protocol | None:
    """The protocol that owns a path, imported now, or None."""
    segment = _segment(path)
    found = _loaded.get(segment)
    if found is None and segment in PROTOCOLS:
        found = _loaded[segment] = _imported(PROTOCOLS[segment])
    return found


def all_protocols() -> tuple[Protocol, ...]:
    """Every protocol there is, each once; imports them all, so never on the cold path."""
    return tuple(_imported(module) for module in dict.fromkeys(PROTOCOLS.values()))


def _imported(module: str) -> Protocol:
    found: Protocol = import_module(module).PROTOCOL
    return found


def _segment(path: str) -> str:
    """The first segment of a path, "" when there is none."""
    return path.split("/", 2)[1] if path.startswith("/") else ""
