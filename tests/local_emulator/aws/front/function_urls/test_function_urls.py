from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.execution.contracts import Throttled
from local_emulator.aws.front.ports import Cors, FunctionUrl
from tests.local_emulator.aws.front.fakes import ACCOUNT, REGION, outcome
from tests.local_emulator.wire import send

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionSnapshot, Invocation, Outcome
    from tests.local_emulator.aws.front.conftest import Running

_URL = FunctionUrl("u1", ACCOUNT, REGION, "pets")


@pytest.fixture
def url(front: Running) -> Running:
    front.directory.add("pets", timeout_s=900)
    front.directory.add("pets", "live")
    front.urls.urls["u1"] = _URL
    return front


def test_both_addresses_and_an_encoded_path(url: Running) -> None:
    by_host = send(url.port, "GET", "/a%2Fb?c=d", host=f"u1.lambda-url.localhost:{url.port}")
    by_path = send(url.port, "GET", "/_url/u1/a%2Fb?c=d")
    for reply in (by_host, by_path):
        event = json.loads(reply.body)
        assert (event["rawPath"], event["rawQueryString"]) == ("/a%2Fb", "c=d")
        assert (event["routeKey"], event["version"]) == ("$default", "2.0")
        context = event["requestContext"]
        assert (context["accountId"], context["apiId"], context["stage"]) == ("anonymous", "u1", "$default")
        assert context["domainName"] == "u1.lambda-url.localhost"
    request_ids = {call[1].request_id for call in url.runner.calls}
    assert request_ids == {by_host.header("x-amzn-requestid"), by_path.header("x-amzn-requestid")}


def test_a_qualified_url(url: Running) -> None:
    url.urls.urls["u1"] = replace(_URL, qualifier="live")
    send(url.port, "GET", "/_url/u1/")
    assert url.runner.calls[0][1].invoked_arn.endswith(":function:pets:live")


def test_replies_default_to_json(url: Running) -> None:
    url.runner.script = lambda function, invocation: outcome({"statusCode": 201, "body": "{}"})
    reply = send(url.port, "GET", "/_url/u1/")
    assert (reply.status, reply.header("content-type")) == (201, "application/json")


def _throttled(function: FunctionSnapshot, invocation: Invocation) -> Outcome:
    raise Throttled


@pytest.mark.parametrize(
    ("script", "status"),
    [
        (lambda f, i: outcome({}, error="Unhandled"), 502),
        (lambda f, i: outcome({"statusCode": "x"}), 502),
        (_throttled, 429),
    ],
)
def test_what_functions_do_wrong(url: Running, script: object, status: int) -> None:
    url.runner.script = script  # type: ignore[assignment]
    assert send(url.port, "GET", "/_url/u1/").status == status


def test_iam_wants_a_signature(url: Running) -> None:
    url.urls.urls["u1"] = replace(_URL, auth_type="AWS_IAM")
    assert send(url.port, "GET", "/_url/u1/").status == 403
    header = {"Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/lambda/aws4_request"}
    reply = send(url.port, "GET", "/_url/u1/", headers=header)
    assert json.loads(reply.body)["requestContext"]["accountId"] == ACCOUNT
    query = "X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Flambda%2Faws4_request"
    assert send(url.port, "GET", f"/_url/u1/?{query}").status == 200


def test_streaming_is_refused_by_name(url: Running) -> None:
    url.urls.urls["u1"] = replace(_URL, invoke_mode="RESPONSE_STREAM")
    reply = send(url.port, "GET", "/_url/u1/")
    assert reply.status == 501
    assert b"RESPONSE_STREAM" in reply.body


def test_unknown_and_orphaned_urls(url: Running) -> None:
    assert send(url.port, "GET", "/_url/u2/").status == 404
    url.urls.urls["u3"] = replace(_URL, function_name="gone")
    assert send(url.port, "GET", "/_url/u3/").status == 404


def test_cors_comes_before_iam(url: Running) -> None:
    url.urls.urls["u1"] = replace(_URL, auth_type="AWS_IAM", cors=Cors(("*",), ("POST",)))
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    reply = send(url.port, "OPTIONS", "/_url/u1/", headers=headers)
    assert (reply.status, reply.header("access-control-allow-origin")) == (200, "*")


def test_a_payload_over_lambdas_limit(url: Running) -> None:
    assert send(url.port, "POST", "/_url/u1/", body=b"x" * (6 * 1024 * 1024)).status == 413
