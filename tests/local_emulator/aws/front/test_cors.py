from __future__ import annotations

import pytest

from local_emulator.aws.front import cors
from local_emulator.aws.front.ports import Cors
from local_emulator.http.messages import Headers, HttpResponse, RequestHead

_ORIGIN = "https://shop.example"


def head(method: str = "GET", **headers: str) -> RequestHead:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return RequestHead(method, "/", "", "HTTP/1.1", Headers(pairs), "localhost")


def allowed(configuration: Cors, origin: str) -> str | None:
    response = cors.apply(configuration, head(origin=origin), HttpResponse(200))
    return dict(response.headers).get("access-control-allow-origin")


@pytest.mark.parametrize(
    ("origins", "origin", "value"),
    [
        (("*",), _ORIGIN, "*"),
        ((_ORIGIN,), _ORIGIN, _ORIGIN),
        (("https://*",), _ORIGIN, _ORIGIN),
        (("http://*",), _ORIGIN, None),
        (("https://other.example", _ORIGIN), _ORIGIN, _ORIGIN),
        ((_ORIGIN,), "https://shop.example.evil", None),
        ((), _ORIGIN, None),
    ],
)
def test_origins(origins: tuple[str, ...], origin: str, value: str | None) -> None:
    assert allowed(Cors(allow_origins=origins), origin) == value


def test_preflight_gives_what_is_configured() -> None:
    configuration = Cors(("https://*",), ("GET", "POST"), ("content-type", "x-a"), ("x-b",), True, 60)
    response = cors.preflight(
        configuration, head("OPTIONS", origin=_ORIGIN, access_control_request_method="POST"), 204
    )
    assert response.status == 204
    assert dict(response.headers) == {
        "access-control-allow-origin": _ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "content-type,x-a",
        "access-control-max-age": "60",
    }


def test_a_foreign_preflight_gets_no_permission() -> None:
    request = head("OPTIONS", origin="https://evil.example", access_control_request_method="POST")
    assert cors.preflight(Cors((_ORIGIN,), ("POST",)), request, 204) == HttpResponse(204)


def test_configuration_replaces_the_functions_own_headers() -> None:
    own = HttpResponse(200, (("Access-Control-Allow-Origin", "https://own.example"), ("x", "y")))
    configured = cors.apply(Cors((_ORIGIN,), expose_headers=("x",)), head(origin=_ORIGIN), own)
    assert configured.headers == (
        ("x", "y"),
        ("access-control-allow-origin", _ORIGIN),
        ("access-control-expose-headers", "x"),
    )
    assert cors.apply(None, head(origin=_ORIGIN), own) == own
    assert cors.apply(Cors((_ORIGIN,)), head(), own).headers == (("x", "y"),)


def test_options_without_its_headers_is_no_preflight() -> None:
    assert not cors.is_preflight(head("OPTIONS", origin=_ORIGIN))
    assert not cors.is_preflight(head("OPTIONS", access_control_request_method="GET"))
    assert cors.is_preflight(head("OPTIONS", origin=_ORIGIN, access_control_request_method="GET"))
