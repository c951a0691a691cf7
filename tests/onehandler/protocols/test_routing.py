"""Templates, methods, and the table of protocols."""

from __future__ import annotations

from typing import Any

import pytest

from onehandler.errors import MethodNotAllowed, NotFound
from onehandler.protocols import PROTOCOLS, all_protocols, protocol_at
from onehandler.protocols.routing import Route, allowed_methods, find


def endpoint(*_arguments: Any) -> Any:
    raise AssertionError("routing calls no endpoint")


ROUTES = (
    Route("POST", "/m/{name}:predict", endpoint, "predict"),
    Route("GET", "/m/{name}", endpoint, "status"),
    Route("GET", "/m/{name}/v/{version}", endpoint, "version"),
    Route("POST", "/m/{name}/v/{version}:predict", endpoint, "predict a version"),
    Route("POST", "/m/{name}", endpoint, "replace"),
)


@pytest.mark.parametrize(
    ("method", "path", "summary", "parameters"),
    [
        ("POST", "/m/a:predict", "predict", {"name": "a"}),
        ("GET", "/m/a", "status", {"name": "a"}),
        ("HEAD", "/m/a", "status", {"name": "a"}),
        ("POST", "/m/a", "replace", {"name": "a"}),
        ("GET", "/m/a/v/2", "version", {"name": "a", "version": "2"}),
        ("POST", "/m/a/v/2:predict", "predict a version", {"name": "a", "version": "2"}),
        ("GET", "/m/é b", "status", {"name": "é b"}),
    ],
)
def test_paths_find_their_route(method: str, path: str, summary: str, parameters: dict[str, str]) -> None:
    route, found = find(ROUTES, method, path)
    assert (route.summary, found) == (summary, parameters)


@pytest.mark.parametrize(
    "path",
    ["/", "", "/m", "/m/", "/m/a/", "/m//v/1", "/m/:predict", "/m/a:other", "/M/a", "/m/a:b:predict", "m/a"],
)
def test_other_paths_are_nobodys(path: str) -> None:
    with pytest.raises(NotFound):
        find(ROUTES, "GET", path)
    with pytest.raises(NotFound):
        allowed_methods(ROUTES, path)


@pytest.mark.parametrize(
    ("path", "allowed"), [("/m/a:predict", ("OPTIONS", "POST")), ("/m/a", ("GET", "HEAD", "OPTIONS", "POST"))]
)
def test_other_methods_are_told_which_there_are(path: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        find(ROUTES, "DELETE", path)
    assert caught.value.allowed == allowed == allowed_methods(ROUTES, path)
    assert caught.value.details == {"allow": ", ".join(allowed)}


def test_no_two_protocols_claim_the_same_path() -> None:
    claimed = [(route.method, route.template) for protocol in all_protocols() for route in protocol.routes]
    assert len(set(claimed)) == len(claimed)


def test_a_path_finds_the_protocol_that_claims_it() -> None:
    for protocol in all_protocols():
        for route in protocol.routes:
            assert protocol_at(route.template) is protocol
            assert route.template.split("/")[1] in PROTOCOLS
    assert protocol_at("/docs") is None
    assert protocol_at("predict") is None
