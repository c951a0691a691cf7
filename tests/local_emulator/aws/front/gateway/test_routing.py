from __future__ import annotations

import pytest

from local_emulator.aws.front.gateway.routing import Router, split_stage
from local_emulator.aws.front.ports import RouteDefinition, StageDefinition


def router(*keys: str) -> Router:
    return Router(RouteDefinition(key, key) for key in keys)


def taken(router: Router, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    matched = router.match(method, path)
    return None if matched is None else (matched.route.route_key, matched.path_parameters)


# The example of the developer guide, http-api-develop-routes.html.
_GUIDE = ("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default")


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
        ("POST", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/", "$default", {}),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_most_specific_route_wins_in_any_order(
    method: str, path: str, key: str, parameters: dict[str, str], order: int
) -> None:
    assert taken(router(*_GUIDE[::order]), method, path) == (key, parameters)


@pytest.mark.parametrize(
    ("keys", "method", "path", "key"),
    [
        (("GET /a/{x}", "GET /{x}/b"), "GET", "/a/b", "GET /a/{x}"),
        (("ANY /a", "GET /a"), "GET", "/a", "GET /a"),
        (("ANY /a", "GET /a"), "PUT", "/a", "ANY /a"),
        (("ANY /a", "GET /{x}"), "GET", "/a", "ANY /a"),
        (("POST /a", "ANY /{x}"), "GET", "/a", "ANY /{x}"),
        (("GET /a/{p+}", "GET /{x}/b"), "GET", "/a/b", "GET /{x}/b"),
        (("GET /a/{p+}", "GET /a/b/{p+}"), "GET", "/a/b/c", "GET /a/b/{p+}"),
        (("GET /a.b",), "GET", "/a.b", "GET /a.b"),
    ],
)
def test_ties_are_broken_by_path_then_method(keys: tuple[str, ...], method: str, path: str, key: str) -> None:
    for each in (keys, keys[::-1]):
        matched = taken(router(*each), method, path)
        assert matched is not None
        assert matched[0] == key


@pytest.mark.parametrize(
    ("key", "method", "path"),
    [
        ("GET /a", "GET", "/a/"),  # HTTP APIs take a trailing slash for another path
        ("GET /a", "HEAD", "/a"),
        ("GET /a", "GET", "/A"),
        ("GET /a.b", "GET", "/axb"),
        ("GET /{x}", "GET", "/a/b"),
        ("GET /a/{x}", "GET", "/a/"),
        ("ANY /{p+}", "GET", "/"),
    ],
)
def test_what_does_not_match(key: str, method: str, path: str) -> None:
    assert taken(router(key), method, path) is None


def test_path_parameters_are_decoded_after_the_match() -> None:
    assert taken(router("GET /{x}/{p+}"), "GET", "/a%2Fb%20%C3%BC/c+d/") == (
        "GET /{x}/{p+}",
        {"x": "a/b ü", "p": "c+d/"},
    )


@pytest.mark.parametrize(
    ("stages", "path", "expected"),
    [
        (("$default",), "/a/b", ("$default", "/a/b")),
        (("dev", "$default"), "/dev/a", ("dev", "/a")),
        (("dev", "$default"), "/dev", ("dev", "/")),
        (("dev", "$default"), "/dev/", ("dev", "/")),
        (("dev", "$default"), "/devel/a", ("$default", "/devel/a")),
        (("dev",), "/a", None),
        (("$default",), "/$default/a", ("$default", "/$default/a")),
        ((), "/", None),
    ],
)
def test_stages(stages: tuple[str, ...], path: str, expected: tuple[str, str] | None) -> None:
    found = split_stage([StageDefinition(name) for name in stages], path)
    assert (None if found is None else (found[0].name, found[1])) == expected
