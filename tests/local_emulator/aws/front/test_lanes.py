from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local_emulator.aws.front.application import Front
from local_emulator.aws.front.health import HealthLane
from local_emulator.aws.front.lanes import Claim, HostClaim, LaneTable, PathClaim, TargetClaim
from local_emulator.aws.front.moto_page import MotoPageLane
from local_emulator.http.messages import Headers, HttpRequest, HttpResponse, RequestHead

_SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/{}/aws4_request, SignedHeaders=host"


class Named:
    public = False

    def __init__(self, *claims: Claim) -> None:
        self.claims = claims

    def answer(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(200)


def head(
    method: str = "GET", path: str = "/", host: str = "localhost", headers: dict[str, str] | None = None
) -> RequestHead:
    return RequestHead(method, path, "", "HTTP/1.1", Headers((headers or {}).items()), host)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (HostClaim("execute-api"), HostClaim("execute-api")),
        (TargetClaim("AmazonSQS.SendMessage"), TargetClaim("AmazonSQS.SendMessage")),
        (PathClaim("/_api/"), PathClaim("/_api/")),
        (PathClaim("/_api/"), PathClaim("/_api/x")),
        (PathClaim("/a/", "/end"), PathClaim("/a/b", "d")),
        (PathClaim("/a/", method="POST"), PathClaim("/a/")),
        (PathClaim("/a/", service="s3"), PathClaim("/a/", service="sqs")),  # both hold for the unsigned
    ],
)
def test_claims_that_could_meet_are_refused_at_start_up(one: Claim, two: Claim) -> None:
    with pytest.raises(ValueError, match="claims"):
        LaneTable([Named(one), Named(two)])
    with pytest.raises(ValueError, match="claims"):
        LaneTable([Named(one, two)])


@pytest.mark.parametrize("prefix", ["", "/"])
def test_nobody_claims_everything(prefix: str) -> None:
    with pytest.raises(ValueError, match="at least"):
        LaneTable([Named(PathClaim(prefix))])


def test_each_request_finds_its_lane() -> None:
    host, url, api = (
        Named(HostClaim("execute-api")),
        Named(HostClaim("lambda-url")),
        Named(PathClaim("/_api/")),
    )
    invoke = Named(PathClaim("/f/", "/invocations", "POST", "lambda"))
    send = Named(TargetClaim("AmazonSQS.SendMessage"))
    table = LaneTable([host, url, api, invoke, send])
    target = {"X-Amz-Target": "AmazonSQS.SendMessage"}
    assert table.find(head(host="abc.execute-api.localhost:4566")) is host
    assert table.find(head(host="abc.execute-api.us-east-1.localhost")) is host
    assert table.find(head(host="abc.execute-api.localhost", path="/_api/x")) is host
    assert table.find(head(host="abc.lambda-url.localhost")) is url
    assert table.find(head(host="execute-api.localhost")) is None
    assert table.find(head(host="bucket.s3.localhost", path="/_api/x")) is api
    assert table.find(head("POST", "/f/name/invocations")) is invoke
    assert table.find(head("GET", "/f/name/invocations")) is None
    lambdas, s3 = ({"Authorization": _SIGNED.format(name)} for name in ("lambda", "s3"))
    assert table.find(head("POST", "/f/name/invocations", headers=lambdas)) is invoke
    assert table.find(head("POST", "/f/name/invocations", headers=s3)) is None
    assert table.find(head("POST", headers=target)) is send
    assert table.find(head("GET", headers=target)) is None
    assert table.find(head("POST", "/bucket", headers=target)) is None
    assert table.find(head("POST", headers={"X-Amz-Target": "AmazonSQS.ListQueues"})) is None


def test_the_health_page() -> None:
    lane = HealthLane("1.2", ("s3", "lambda"), datetime(2026, 1, 2, tzinfo=UTC))
    front = Front([lane], Named())
    response = front.answer(HttpRequest(head(path="/_emulator/health")))
    assert response.status == 200
    assert (
        response.body
        == b'{"version":"1.2","services":["s3","lambda"],"startedAt":"2026-01-02T00:00:00+00:00"}'
    )
    assert front.answer(HttpRequest(head(path="/_emulator/else"))).status == 404
    assert front.answer(HttpRequest(head("POST", path="/_emulator/health"))).status == 405


@pytest.mark.parametrize("path", ["/moto-api/", "/moto-api/reset", "/moto-api/data.json"])
def test_motos_own_pages_are_refused(path: str) -> None:
    response = Front([MotoPageLane()], Named()).answer(HttpRequest(head("POST", path=path)))
    assert response.status == 501
    assert b"start it again" in response.body
