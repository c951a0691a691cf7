from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.contracts import Throttled
from local_emulator.aws.front.functions import FunctionCaller
from local_emulator.aws.front.gateway.authorizers import LambdaAuthorizers
from local_emulator.aws.front.payloads.call import Call
from local_emulator.aws.front.ports import (
    ApiDefinition,
    AuthorizerDefinition,
    IntegrationDefinition,
    RouteDefinition,
    StageDefinition,
)
from local_emulator.http.messages import Headers, HttpRequest, RequestHead
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION, Clock, Directory, ScriptedRunner, outcome
from tests.local_emulator.wire import Reply, send

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
    from tests.local_emulator.aws.front.conftest import Running

_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
_SIMPLE = AuthorizerDefinition(
    "auth", "gate", "REQUEST", _ARN + "gate", "2.0", True, ("$request.header.Authorization",)
)
_API = ApiDefinition(
    "abc",
    ACCOUNT,
    REGION,
    routes=(
        RouteDefinition("GET /pets/{id}", "i", "CUSTOM", "auth"),
        RouteDefinition("GET /iam", "i", "AWS_IAM"),
        RouteDefinition("GET /jwt", "i", "JWT", "auth"),
        RouteDefinition("GET /gone", "i", "CUSTOM", "none"),
        RouteDefinition("GET /open", "i"),
    ),
    integrations=(IntegrationDefinition("i", "AWS_PROXY", _ARN + "pets"),),
    authorizers=(_SIMPLE,),
    stages=(StageDefinition("dev"),),
)


@pytest.fixture
def api(front: Running) -> Running:
    front.directory.add("pets")
    front.directory.add("gate")
    front.apis.definitions["abc"] = _API
    return front


def gate_says(front: Running, value: object, error: str | None = None) -> None:
    def script(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
        return (
            outcome(value, error=error)
            if function.name == "gate"
            else outcome(json.loads(invocation.payload))
        )

    front.runner.script = script


def get(front: Running, target: str = "/_api/abc/dev/pets/1?q=2", **headers: str) -> Reply:
    return send(front.port, "GET", target, headers=headers)


def test_a_simple_yes_passes_its_context_along(api: Running) -> None:
    gate_says(api, {"isAuthorized": True, "context": {"user": "u"}})
    reply = get(api, Authorization="token")
    assert reply.status == 200
    assert json.loads(reply.body)["requestContext"]["authorizer"] == {"lambda": {"user": "u"}}
    event = json.loads(api.runner.calls[0][1].payload)
    assert event["version"] == "2.0"
    assert event["type"] == "REQUEST"
    assert event["routeArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/dev/GET/pets/1"
    assert event["identitySource"] == ["token"]
    assert event["routeKey"] == "GET /pets/{id}"
    assert event["pathParameters"] == {"id": "1"}
    assert event["headers"]["authorization"] == "token"


def test_no_and_missing_identity(api: Running) -> None:
    gate_says(api, {"isAuthorized": False})
    reply = get(api, Authorization="token")
    assert (reply.status, json.loads(reply.body)) == (403, {"message": "Forbidden"})
    api.runner.calls.clear()
    reply = get(api)
    assert (reply.status, json.loads(reply.body)) == (401, {"message": "Unauthorized"})
    assert api.runner.calls == []


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize(("effect", "status"), [("Allow", 200), ("Deny", 403)])
def test_iam_responses(api: Running, version: str, effect: str, status: int) -> None:
    authorizer = replace(_SIMPLE, simple_responses=False, payload_version=version)
    api.apis.definitions["abc"] = replace(_API, authorizers=(authorizer,))
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/dev/GET/pets/*"
    policy = {"Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}]}
    gate_says(api, {"principalId": "p", "policyDocument": policy, "context": {"k": "v"}})
    assert get(api, Authorization="token").status == status
    event = json.loads(api.runner.calls[0][1].payload)
    assert event["version"] == version
    if version == "1.0":
        assert (event["identitySource"], event["authorizationToken"]) == ("token", "token")
        assert event["methodArn"].endswith("abc/dev/GET/pets/1")


def test_format_1_0_integrations_get_context_and_principal(api: Running) -> None:
    authorizer = replace(_SIMPLE, simple_responses=False)
    integrations = (replace(_API.integrations[0], payload_version="1.0"),)
    api.apis.definitions["abc"] = replace(_API, authorizers=(authorizer,), integrations=integrations)
    policy = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    answer = {"principalId": "p", "policyDocument": policy, "context": {"k": "v"}}

    def script(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
        if function.name == "gate":
            return outcome(answer)
        return outcome({"statusCode": 200, "body": invocation.payload.decode()})

    api.runner.script = script
    reply = get(api, Authorization="token")
    assert json.loads(reply.body)["requestContext"]["authorizer"] == {"k": "v", "principalId": "p"}


@pytest.mark.parametrize(
    "value",
    [
        None,
        "yes",
        {},
        {"isAuthorized": "true"},
        {"isAuthorized": True, "context": []},
        b"{",
        {"principalId": "p"},
    ],
)
def test_an_unclear_answer_is_never_a_yes(api: Running, value: object) -> None:
    gate_says(api, value)
    assert get(api, Authorization="token").status == 500
    assert [call[0].name for call in api.runner.calls] == ["gate"]


def test_a_failing_authorizer_is_500(api: Running) -> None:
    gate_says(api, {"isAuthorized": True}, error="Unhandled")
    assert get(api, Authorization="token").status == 500
    api.apis.definitions["abc"] = replace(_API, authorizers=(replace(_SIMPLE, uri=_ARN + "none"),))
    assert get(api, Authorization="token").status == 500


def test_authorization_types(api: Running) -> None:
    assert get(api, "/_api/abc/dev/open").status == 200
    assert get(api, "/_api/abc/dev/iam").status == 403
    signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/execute-api/aws4_request, Signature=0"
    assert get(api, "/_api/abc/dev/iam", Authorization=signed).status == 200
    for target in ("/_api/abc/dev/jwt", "/_api/abc/dev/gone"):
        reply = get(api, target, Authorization="token")
        assert reply.status == 501
        assert b"Not emulated" in reply.body


def _call(token: str = "t", query: str = "") -> Call:
    head = RequestHead("GET", "/x", query, "HTTP/1.1", Headers([("Authorization", token)]), "localhost")
    return Call(HttpRequest(head), ACCOUNT, "abc", "abc.localhost", "/x", "GET /x", "$default", "r", "t", 0.0)


def test_answers_are_remembered_by_identity_for_their_time() -> None:
    runner, directory, clock = (
        ScriptedRunner(lambda f, i: outcome({"isAuthorized": True})),
        Directory(),
        Clock(0),
    )
    directory.add("gate")
    authorizers = LambdaAuthorizers(FunctionCaller(directory, runner), clock)
    kept = replace(_SIMPLE, result_ttl_s=60)
    for token in ("a", "a", "b", "a"):
        assert authorizers.decide(_API, kept, _call(token)).refusal is None
    assert len(runner.calls) == 2
    clock.now = 61
    authorizers.decide(_API, kept, _call("a"))
    assert len(runner.calls) == 3
    for _ in range(2):
        authorizers.decide(_API, _SIMPLE, _call("a"))  # no time to live: asked every time
    assert len(runner.calls) == 5


def test_failures_are_not_remembered() -> None:
    answers = iter([Throttled(), None])

    def script(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
        error = next(answers)
        if error is not None:
            raise error
        return outcome({"isAuthorized": True})

    directory = Directory()
    directory.add("gate")
    authorizers = LambdaAuthorizers(FunctionCaller(directory, ScriptedRunner(script)), Clock(0))
    kept = replace(_SIMPLE, result_ttl_s=60)
    with pytest.raises(Exception, match="Throttled"):
        authorizers.decide(_API, kept, _call())
    assert authorizers.decide(_API, kept, _call()).refusal is None


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$request.querystring.q", "1"),
        ("$context.httpMethod", "GET"),
        ("$context.identity.sourceIp", "127.0.0.1"),
    ],
)
def test_identity_sources(source: str, value: str) -> None:
    runner, directory = ScriptedRunner(lambda f, i: outcome({"isAuthorized": True})), Directory()
    directory.add("gate")
    authorizers = LambdaAuthorizers(FunctionCaller(directory, runner), Clock(0))
    authorizers.decide(_API, replace(_SIMPLE, identity_sources=(source,)), _call(query="q=1&q=2"))
    assert json.loads(runner.calls[0][1].payload)["identitySource"] == [value]


def test_an_unknown_identity_source_is_refused_by_name() -> None:
    authorizers = LambdaAuthorizers(FunctionCaller(Directory(), ScriptedRunner()), Clock(0))
    with pytest.raises(Exception, match="domainName"):
        authorizers.decide(_API, replace(_SIMPLE, identity_sources=("$context.domainName",)), _call())
