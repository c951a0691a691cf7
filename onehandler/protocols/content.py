"""What a request's headers say about its body and about the answer it takes."""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.errors import NotAcceptable, UnsupportedType
from onehandler.message import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.message import Request

BINARY = ("application/octet-stream", "application/x-npy")  # bodies that are one tensor
_ALL = ("", "*/*", json.CONTENT_TYPE)
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")


def json_body(request: Request, limit: int, also: tuple[str, ...] = (), *, tokens: bool = False) -> Any:
    """Read the request's JSON: type, charset and coding checked, at most `limit` bytes decompressed.

    `also` names content types that this protocol's clients send with JSON in the body; `tokens` lets NaN and
    Infinity pass as numbers.
    """
    headers, body = request.headers, request.body
    usual = (
        headers.get("content-type", json.CONTENT_TYPE) == json.CONTENT_TYPE
        and "content-encoding" not in headers
    )
    if usual and len(body) <= limit:
        return json.loads(body, tokens=tokens)
    content_type = request.content_type
    plain = not content_type or content_type == json.CONTENT_TYPE or content_type in also
    if not plain and not (content_type.startswith("application/") and content_type.endswith("+json")):
        raise UnsupportedType("send the body as application/json", where="content-type")
    if charset(headers.get("content-type", "")) not in _CHARSETS:
        raise UnsupportedType("JSON is always UTF-8; leave the charset away", where="content-type")
    from onehandler.codecs.compression import decoded  # most bodies aren't compressed

    body = decoded(body, headers.get("content-encoding", ""), limit)
    return json.loads(body, tokens=tokens)


def json_response(value: Any, rows: int = 0, *, tokens: bool = False, held: int = 0) -> Response:
    """Answer 200 with JSON; `rows` is how many rows it predicts, the others are as for json.dumps."""
    body = json.dumps(value, tokens=tokens, held=held)
    return Response(200, {"content-type": json.CONTENT_TYPE}, body, rows)


def charset(content_type: str) -> str:
    """The charset parameter of a Content-Type header in lower case, or ""."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def require_acceptable(accept: str) -> None:
    """Refuse an Accept header that leaves no room for JSON; none at all accepts everything."""
    if accept in _ALL:
        return
    ranges = [entry.split(";") for entry in accept.lower().split(",") if entry.strip()]
    takes = [media.strip() for media, *parameters in ranges if not any(map(_is_zero, parameters))]
    if ranges and not any(media in ("*/*", "application/*") or "json" in media for media in takes):
        raise NotAcceptable("answers are application/json; add it to the Accept header", where="accept")


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")
