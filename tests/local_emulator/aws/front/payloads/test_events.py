"""Events, whole, against the shapes in API Gateway's developer guide."""

from __future__ import annotations

import base64

import pytest

from local_emulator.aws.front.payloads import event_v1, event_v2
from local_emulator.aws.front.payloads.call import Call, event_body, new_request_id, new_trace_id
from local_emulator.http.messages import Body, Headers, HttpRequest, RequestHead

_HEADERS = (
    ("Host", "abc.execute-api.localhost:4566"),
    ("User-Agent", "agent"),
    ("Header1", "value1"),
    ("header2", "value1"),
    ("HEADER2", "value2"),
    ("Cookie", "cookie1=a; cookie2=b"),
    ("Connection", "keep-alive"),
    ("Content-Type", "text/plain"),
    ("X-Forwarded-For", "203.0.113.7"),
    ("X-Forwarded-Proto", "https"),
)


def request(
    body: bytes = b"", headers: tuple[tuple[str, str], ...] = _HEADERS, query: str = ""
) -> HttpRequest:
    head = RequestHead(
        "POST", "/dev/my/p", query, "HTTP/1.1", Headers(headers), "abc.execute-api.localhost:4566"
    )
    return HttpRequest(head, Body(body, None, len(body)))


def call(http: HttpRequest, **changes: object) -> Call:
    values: dict[str, object] = {
        "request": http,
        "account_id": "123456789012",
        "api_id": "abc",
        "domain_name": "abc.execute-api.localhost",
        "path": "/dev/my/p",
        "route_key": "POST /my/{x}",
        "stage": "dev",
        "request_id": "JKJaXmPLvHcESHA=",
        "trace_id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
        "time_s": 1_583_349_317.135,
    }
    return Call(**{**values, **changes})  # type: ignore[arg-type]


_QUERY = "parameter1=value1&parameter1=value2&parameter2=a%20b+c&empty="


def test_format_2_0() -> None:
    http = request(b"Hello \xc3\xbc", query=_QUERY)
    event = event_v2.build(
        call(
            http,
            path_parameters={"x": "p"},
            stage_variables={"v": "1"},
            authorizer={"lambda": {"key": "value"}},
        )
    )
    assert event == {
        "version": "2.0",
        "routeKey": "POST /my/{x}",
        "rawPath": "/dev/my/p",
        "rawQueryString": _QUERY,
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "host": "abc.execute-api.localhost:4566",
            "user-agent": "agent",
            "header1": "value1",
            "header2": "value1,value2",
            "content-type": "text/plain",
            "content-length": "8",
            "x-amzn-trace-id": "Root=1-5e66d96f-7491f09xmpl79d18acf3d050",
            "x-forwarded-for": "203.0.113.7, 127.0.0.1",
            "x-forwarded-port": "4566",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "a b c", "empty": ""},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "authorizer": {"lambda": {"key": "value"}},
            "domainName": "abc.execute-api.localhost",
            "domainPrefix": "abc",
            "http": {
                "method": "POST",
                "path": "/dev/my/p",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "agent",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /my/{x}",
            "stage": "dev",
            "time": "04/Mar/2020:19:15:17 +0000",
            "timeEpoch": 1583349317135,
        },
        "body": "Hello ü",
        "pathParameters": {"x": "p"},
        "isBase64Encoded": False,
        "stageVariables": {"v": "1"},
    }


def test_format_2_0_leaves_out_what_is_not_there() -> None:
    event = event_v2.build(call(request(headers=(("Host", "a"),))))
    assert not {"body", "cookies", "queryStringParameters", "pathParameters", "stageVariables"} & event.keys()
    assert event["rawQueryString"] == ""
    context = event["requestContext"]
    assert isinstance(context, dict)
    assert "authorizer" not in context


def test_format_1_0() -> None:
    event = event_v1.build(call(request(b"Hello", query=_QUERY), path_parameters={"x": "p"}))
    headers = event.pop("headers")
    multiple = event.pop("multiValueHeaders")
    assert isinstance(headers, dict)
    assert isinstance(multiple, dict)
    assert (headers["Header1"], multiple["Header1"]) == ("value1", ["value1"])
    assert (headers["header2"], multiple["header2"]) == ("value2", ["value1", "value2"])
    assert headers["Cookie"] == "cookie1=a; cookie2=b"
    assert headers["X-Forwarded-For"] == "203.0.113.7, 127.0.0.1"
    assert event == {
        "version": "1.0",
        "resource": "/my/{x}",
        "path": "/dev/my/p",
        "httpMethod": "POST",
        "queryStringParameters": {"parameter1": "value1", "parameter2": "a b c", "empty": ""},
        "multiValueQueryStringParameters": {
            "parameter1": ["value1", "value2"],
            "parameter2": ["a b c"],
            "empty": [""],
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "authorizer": {"claims": None, "scopes": None},
            "domainName": "abc.execute-api.localhost",
            "domainPrefix": "abc",
            "extendedRequestId": "JKJaXmPLvHcESHA=",
            "httpMethod": "POST",
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": "127.0.0.1",
                "user": None,
                "userAgent": "agent",
                "userArn": None,
            },
            "path": "/dev/my/p",
            "protocol": "HTTP/1.1",
            "requestId": "JKJaXmPLvHcESHA=",
            "requestTime": "04/Mar/2020:19:15:17 +0000",
            "requestTimeEpoch": 1583349317135,
            "resourceId": None,
            "resourcePath": "/my/{x}",
            "stage": "dev",
        },
        "pathParameters": {"x": "p"},
        "stageVariables": None,
        "body": "Hello",
        "isBase64Encoded": False,
    }


def test_format_1_0_has_nulls_for_what_is_not_there() -> None:
    event = event_v1.build(call(request(headers=(("Host", "a"),)), route_key="$default"))
    absent = (
        "body",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
    )
    assert [event[name] for name in absent] == [None] * 5
    assert event["resource"] == "$default"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("application/json", b'{"a":1}', True),
        ("APPLICATION/JSON; charset=utf-8", b"{}", True),
        ("application/problem+json", b"{}", False),
        ("application/xml", b"<a/>", True),
        ("text/csv", b"a,b", True),
        (None, b"plain", False),
        ("text/csv", b"\x1f\x8b\x08", False),  # compressed
        ("application/x-www-form-urlencoded", b"a=b", False),
        ("application/octet-stream", b"abc", False),
        ("multipart/form-data; boundary=x", b"--x", False),
        ("image/png", b"\x89PNG", False),
    ],
)
def test_bodies_are_text_by_content_type_and_base64_otherwise(
    content_type: str | None, body: bytes, text: bool
) -> None:
    headers = () if content_type is None else (("content-type", content_type),)
    expected = (body.decode(), False) if text else (base64.b64encode(body).decode(), True)
    assert event_body(request(body, headers)) == expected


def test_ids_have_the_forms_of_aws() -> None:
    assert len(new_request_id()) == 16
    assert new_request_id() != new_request_id()
    assert new_trace_id(0x5E66D96F).startswith("Root=1-5e66d96f-")
    assert len(new_trace_id(0)) == len("Root=1-5e66d96f-7491f09xmpl79d18acf3d050")
