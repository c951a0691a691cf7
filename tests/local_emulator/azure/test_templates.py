"""Route templates, as ASP.NET Core reads them."""

from __future__ import annotations

import pytest

from local_emulator.azure.deployment.functions import Binding, Function
from local_emulator.azure.errors import DeploymentRefused
from local_emulator.azure.front.routes import Router
from local_emulator.azure.front.templates import RouteTemplate


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("", "/", {}),
        ("a/b", "/a/b", {}),
        ("a/b", "/A/B/", {}),
        ("a/b", "/a", None),
        ("{x}", "/v", {"x": "v"}),
        ("{x}", "/", None),
        ("{x?}", "/", {}),
        ("a/{x=1}", "/a", {"x": "1"}),
        ("a/{x=1}", "/a/2", {"x": "2"}),
        ("a/{*rest}", "/a/b/c", {"rest": "b/c"}),
        ("a/{*rest}", "/a", {}),
        ("{**rest}", "/", {}),
        ("{**rest}", "/x/y/", {"rest": "x/y/"}),
        ("v{version}/{x}.json", "/v2/report.json", {"version": "2", "x": "report"}),
        ("{x:int}", "/12", {"x": "12"}),
        ("{x:int}", "/1x", None),
        ("{x:int}", "/\u0661", None),
        ("{*x}", "/a\nb", {"x": "a\nb"}),
        ("{x:int}", "/99999999999", None),
        ("{x:int:min(5)}", "/4", None),
        ("{x:int:min(5)?}", "/", {}),
        ("{x:range(1,3)}", "/3", {"x": "3"}),
        ("{x:length(2,3)}", "/abcd", None),
        ("{x:maxlength(2)}", "/ab", {"x": "ab"}),
        ("{x:guid}", "/b4c7f8a2-5f0b-4a64-9c2f-2f3f0d3a7c11", {"x": "b4c7f8a2-5f0b-4a64-9c2f-2f3f0d3a7c11"}),
        ("{x:guid}", "/no", None),
        ("{x:bool}", "/TRUE", {"x": "TRUE"}),
        ("{x:alpha}", "/a1", None),
        ("{x:double}", "/1e3", {"x": "1e3"}),
        ("{x:datetime}", "/2026-11-21", {"x": "2026-11-21"}),
        ("{x:regex(^[a-z]{2}/?$)}", "/ab", {"x": "ab"}),
        ("{x:regex(^[a-z]{2}$)}", "/abc", None),
    ],
)
def test_matching(template: str, path: str, parameters: dict[str, str] | None) -> None:
    assert RouteTemplate(template, "test").match(path) == parameters


@pytest.mark.parametrize("template", ["{x}/{x}", "{x:nosuch}", "{}", "{x:min(a)}", "{a b}", "{x:regex([)}"])
def test_what_is_no_template_is_refused(template: str) -> None:
    with pytest.raises(DeploymentRefused, match="function f"):
        RouteTemplate(template, "function f")


def test_the_most_specific_route_wins() -> None:
    routes = ["{*rest}", "{a}/{b}", "models/{b}", "models/{b:int}", "models/list", "x{a}/{b}"]
    router = Router([_function(route) for route in routes], "api")

    def found(path: str) -> str:
        taken = router.find("GET", f"/api/{path}")
        assert taken is not None
        return taken.route.template.text.removeprefix("api/")

    assert found("models/list") == "models/list"
    assert found("models/7") == "models/{b:int}"
    assert found("models/iris") == "models/{b}"
    assert found("xyz/iris") == "x{a}/{b}"
    assert found("other/iris") == "{a}/{b}"
    assert found("a/b/c") == "{*rest}"


def test_paths_are_decoded_but_for_slashes() -> None:
    router = Router([_function("{x}")], "")
    taken = router.find("GET", "/a%2Fb%20c")
    assert taken is not None
    assert taken.parameters == {"x": "a%2Fb c"}


def test_levels_are_checked() -> None:
    with pytest.raises(DeploymentRefused, match="authLevel"):
        Router([_function("x", authLevel="user")], "api")


def _function(route: str, **settings: str) -> Function:
    trigger = Binding("req", "httpTrigger", "in", {"route": route, "authLevel": "anonymous", **settings})
    return Function(route, route, trigger, (), ())
