"""What a function returned, as an HTTP response."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from local_emulator.http.messages import HttpResponse
from local_emulator.http.writer import valid_header

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOWEST, _HIGHEST = 200, 599
_CONTENT_TYPE = "content-type"


class MalformedReplyError(ValueError):
    """The function returned what the payload format does not allow; the message says what."""


def reply_v2(payload: bytes, default_content_type: str) -> HttpResponse:
    """Read a reply in format 2.0. Without a `statusCode` the whole value is the body, as JSON with 200."""
    value = _loads(payload)
    if not isinstance(value, dict) or "statusCode" not in value:
        body = value.encode() if isinstance(value, str) else payload
        return HttpResponse(200, ((_CONTENT_TYPE, "application/json"),), body)
    headers = _single(value.get("headers"))
    cookies = value.get("cookies") or []
    if not isinstance(cookies, list):
        raise MalformedReplyError("'cookies' is a list of strings")
    headers += [("set-cookie", _text("a cookie", cookie)) for cookie in cookies]
    return _response(value, headers, default_content_type)


def reply_v1(payload: bytes, default_content_type: str) -> HttpResponse:
    """Read a reply in format 1.0: `statusCode` must be there, both kinds of headers are merged."""
    value = _loads(payload)
    if not isinstance(value, dict) or "statusCode" not in value:
        raise MalformedReplyError("payload format 1.0 wants an object with a 'statusCode'")
    multiple = value.get("multiValueHeaders") or {}
    if not isinstance(multiple, dict) or not all(isinstance(values, list) for values in multiple.values()):
        raise MalformedReplyError("'multiValueHeaders' is an object of lists")
    headers = [(name.lower(), _text(name, each)) for name, values in multiple.items() for each in values]
    headers += [pair for pair in _single(value.get("headers")) if pair not in headers]
    return _response(value, headers, default_content_type)


def _loads(payload: bytes) -> object:
    try:
        value: object = json.loads(payload or b"null")
    except ValueError as error:
        raise MalformedReplyError("the function's payload is not JSON") from error
    return value


def _single(headers: object) -> list[tuple[str, str]]:
    if headers is None:
        return []
    if not isinstance(headers, dict):
        raise MalformedReplyError("'headers' is an object")
    return [
        (str(name).lower(), _text(str(name), value)) for name, value in headers.items() if value is not None
    ]


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise MalformedReplyError(f"the value of {name!r} is a string, not a {type(value).__name__}")


def _response(
    value: Mapping[str, object], headers: list[tuple[str, str]], default_content_type: str
) -> HttpResponse:
    for name, text in headers:
        if not valid_header(name, text):
            raise MalformedReplyError(f"header {name!r} has characters that no header can have")
    if not any(name == _CONTENT_TYPE for name, _ in headers):
        headers = [*headers, (_CONTENT_TYPE, default_content_type)]
    return HttpResponse(_status(value["statusCode"]), tuple(headers), _body(value))


def _status(value: object) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not _LOWEST <= value <= _HIGHEST:
        raise MalformedReplyError(f"'statusCode' is a number from {_LOWEST} to {_HIGHEST}")
    return value


def _body(value: Mapping[str, object]) -> bytes:
    body = value.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedReplyError(f"'body' is a string, not a {type(body).__name__}: dump it as JSON first")
    if not value.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedReplyError("'isBase64Encoded' is true and 'body' is not base64") from error
