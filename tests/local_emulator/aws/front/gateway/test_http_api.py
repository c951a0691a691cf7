"""HTTP APIs over a real socket, with a scripted runner behind them."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.contracts import Throttled
from local_emulator.aws.front.ports import (
    ApiDefinition,
    Cors,
    IntegrationDefinition,
    RouteDefinition,
    StageDefinition,
    Throttle,
)
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION, outcome
from tests.local_emulator.wire import Reply, send

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
    from tests.local_emulator.aws.front.conftest import Running

_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pets"
_API = ApiDefinition(
    "abc",
    ACCOUNT,
    REGION,
    routes=(
        RouteDefinition("GET /pets/{id}", "new"),
        RouteDefinition("POST /pets", "new"),
        RouteDefinition("GET /old", "old"),
        RouteDefinition("GET /lost", "lost"),
        RouteDefinition("GET /proxy", "proxy"),
        RouteDefinition("GET /nowhere", "nowhere"),
    ),
    integrations=(
        IntegrationDefinition("new", "AWS_PROXY", _ARN),
        IntegrationDefinition(
            "old",
            "AWS_PROXY",
            f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{_ARN}:${{stageVariables.alias}}/invocations",
            "1.0",
        ),
        IntegrationDefinition("lost", "AWS_PROXY", _ARN + "-lost"),
        IntegrationDefinition("proxy", "HTTP_PROXY", "https://example.com"),
    ),
    stages=(StageDefinition("dev", (("alias", "live"),)), StageDefinition("$default")),
)


@pytest.fixture
def api(front: Running) -> Running:
    front.directory.add("pets", limit=7)
    front.directory.add("pets", "live")
    front.apis.definitions["abc"] = _API
    return front


def event(reply: Reply) -> dict[str, object]:
    assert reply.status == 200, reply.body
    value: dict[str, object] = json.loads(reply.body)
    return value


def test_both_addresses_lead_to_the_same_route(api: Running) -> None:
    by_host = event(
        send(api.port, "GET", "/dev/pets/a%20b?x=1", host=f"abc.execute-api.localhost:{api.port}")
    )
    by_path = event(send(api.port, "GET", "/_api/abc/dev/pets/a%20b?x=1"))
    for each in (by_host, by_path):
        assert each["rawPath"] == "/dev/pets/a b"  # decoded, as HTTP APIs do
        assert each["rawQueryString"] == "x=1"
        assert each["pathParameters"] == {"id": "a b"}
        assert each["routeKey"] == "GET /pets/{id}"
        assert each["stageVariables"] == {"alias": "live"}
        context = each["requestContext"]
        assert isinstance(context, dict)
        assert (context["stage"], context["apiId"], context["accountId"]) == ("dev", "abc", ACCOUNT)
        assert context["domainName"] == "abc.execute-api.localhost"


def test_the_default_stage_needs_no_prefix(api: Running) -> None:
    got = event(send(api.port, "POST", "/_api/abc/pets", headers={"Content-Type": "text/csv"}, body=b"a,b"))
    assert (got["rawPath"], got["body"], got["isBase64Encoded"]) == ("/pets", "a,b", False)
    assert "stageVariables" not in got


def test_the_invocation_carries_ids_limit_and_arn(api: Running) -> None:
    reply = send(api.port, "GET", "/_api/abc/pets/1")
    function, invocation, limit = api.runner.calls[0]
    assert (function.name, limit, invocation.invoked_arn) == ("pets", 7, _ARN)
    assert str(uuid.UUID(invocation.request_id)) == invocation.request_id  # it becomes a part of a path
    assert reply.header("apigw-requestid")
    assert invocation.trace_id == json.loads(reply.body)["headers"]["x-amzn-trace-id"]


def test_format_1_0_through_the_long_uri_with_a_stage_variable(api: Running) -> None:
    got = event(send(api.port, "GET", "/_api/abc/dev/old"))
    assert (got["version"], got["path"], got["resource"]) == ("1.0", "/dev/old", "/old")
    assert api.runner.calls[0][1].invoked_arn == _ARN + ":live"


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/_api/abc/unknown", 404, "Not Found"),
        ("/_api/abc/pets/", 404, "Not Found"),
        ("/_api/xyz/pets", 404, "Not Found"),
        ("/_api/abc/lost", 500, "Internal Server Error"),
        ("/_api/abc/nowhere", 500, "Internal Server Error"),
    ],
)
def test_the_gateways_own_errors(api: Running, target: str, status: int, message: str) -> None:
    reply = send(api.port, "GET", target)
    assert (reply.status, json.loads(reply.body)) == (status, {"message": message})
    assert reply.header("apigw-requestid")


def test_an_unknown_api_is_told_which_exist(api: Running) -> None:
    assert "there are: abc" in (send(api.port, "GET", "/_api/xyz/").header("x-emulator-hint") or "")


def test_an_api_without_a_stage_is_not_found(api: Running) -> None:
    api.apis.definitions["abc"] = replace(_API, stages=())
    assert send(api.port, "GET", "/_api/abc/pets/1").status == 404


def test_other_integrations_are_refused_by_name(api: Running) -> None:
    reply = send(api.port, "GET", "/_api/abc/proxy")
    assert reply.status == 501
    assert b"HTTP_PROXY" in reply.body


def _throttled(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
    raise Throttled


@pytest.mark.parametrize(
    ("script", "status", "message"),
    [
        (lambda f, i: outcome({"errorMessage": "x"}, error="Unhandled"), 500, "Internal Server Error"),
        (lambda f, i: outcome({"statusCode": 200, "body": {}}), 500, "Internal Server Error"),
        (_throttled, 503, "Service Unavailable"),
    ],
)
def test_what_functions_do_wrong(api: Running, script: object, status: int, message: str) -> None:
    api.runner.script = script  # type: ignore[assignment]
    reply = send(api.port, "GET", "/_api/abc/pets/1")
    assert (reply.status, json.loads(reply.body)) == (status, {"message": message})


def test_responses_are_the_functions(api: Running) -> None:
    value = {
        "statusCode": 418,
        "headers": {"X-A": "b"},
        "cookies": ["a=1", "b=2"],
        "body": "dGVh",
        "isBase64Encoded": True,
    }
    api.runner.script = lambda function, invocation: outcome(value)
    reply = send(api.port, "GET", "/_api/abc/pets/1")
    assert (reply.status, reply.body, reply.header("x-a")) == (418, b"tea", "b")
    assert reply.headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert reply.header("content-type") == "text/plain; charset=utf-8"


def test_an_integration_that_takes_too_long_is_given_up(api: Running) -> None:
    done = threading.Event()

    def slow(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
        done.wait(10)
        return outcome("late")

    api.runner.script = slow
    quick = tuple(replace(each, timeout_ms=100) for each in _API.integrations)
    api.apis.definitions["abc"] = replace(_API, integrations=quick)
    reply = send(api.port, "GET", "/_api/abc/pets/1")
    assert (reply.status, json.loads(reply.body)) == (503, {"message": "Service Unavailable"})
    done.set()
    for thread in threading.enumerate():
        if thread.name == "front-invocation":
            thread.join(5)


@pytest.mark.parametrize(
    ("size", "status"), [(10 * 1024 * 1024 + 1, 413), (6 * 1024 * 1024, 413), (4_000_000, 200)]
)
def test_payload_limits(api: Running, size: int, status: int) -> None:
    api.runner.script = lambda function, invocation: outcome({"statusCode": 200})
    reply = send(api.port, "POST", "/_api/abc/pets", body=b"x" * size)
    assert reply.status == status


def test_throttled_routes_say_429(api: Running) -> None:
    api.apis.definitions["abc"] = replace(
        _API, stages=(StageDefinition("$default", throttle=Throttle(0.001, 2)),)
    )
    replies = [send(api.port, "GET", "/_api/abc/pets/1") for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert json.loads(replies[2].body) == {"message": "Too Many Requests"}


def test_changed_routes_are_seen_at_once(api: Running) -> None:
    assert send(api.port, "GET", "/_api/abc/fresh").status == 404
    api.apis.definitions["abc"] = replace(_API, routes=(*_API.routes, RouteDefinition("GET /fresh", "new")))
    assert send(api.port, "GET", "/_api/abc/fresh").status == 200


def test_cors_is_the_apis_own(api: Running) -> None:
    origin = {"Origin": "https://shop.example"}
    preflight = {**origin, "Access-Control-Request-Method": "POST"}
    assert (
        send(api.port, "GET", "/_api/abc/pets/1", headers=origin).header("access-control-allow-origin")
        is None
    )
    assert send(api.port, "OPTIONS", "/_api/abc/pets", headers=preflight).status == 404
    api.apis.definitions["abc"] = replace(_API, cors=Cors(("https://shop.example",), ("POST",)))
    reply = send(api.port, "OPTIONS", "/_api/abc/pets", headers=preflight)
    assert (reply.status, reply.header("access-control-allow-origin")) == (204, "https://shop.example")
    assert reply.header("access-control-allow-methods") == "POST"
    reply = send(api.port, "GET", "/_api/abc/pets/1", headers=origin)
    assert reply.header("access-control-allow-origin") == "https://shop.example"
    assert len(api.runner.calls) == 2  # no preflight reached the function
