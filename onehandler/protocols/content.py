"""What a request's headers say about its body and about the answer it takes."""

from __future__ import annotations

from onehandler.codecs import json
from onehandler.errors import UnsupportedType
from onehandler.message import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from onehandler.message import Request
    from onehandler.signature import Signature

BINARY = ("application/octet-stream", "application/x-npy")  # bodies that are one tensor
CSV = "text/csv"
TEXT = "text/plain"
IMAGES = ("image/png", "image/jpeg", "image/webp", "image/jpg", "application/x-image")
NOT_JSON = (*BINARY, CSV, TEXT, *IMAGES)
_MOST_ELSE = 1024 * 1024  # bytes of a body without inputs
LARGE = 1024 * 1024  # bytes: rows of less take 30 MB as Python's objects, those of more are read in parts
_ALL = ("", "*/*", json.CONTENT_TYPE)
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")


def json_body(request: Request, limit: int, also: tuple[str, ...] = ()) -> Any:
    """Read JSON that holds no inputs, of a megabyte at most; `also` is as for json_bytes."""
    return json.loads(json_bytes(request, min(limit, _MOST_ELSE), also))


def json_inputs(signature: Signature, body: bytes, *, tokens: bool = False) -> Any:
    """Read JSON that holds a model's inputs: of a large body large arrays are LargeArray, read in parts."""
    if len(body) < LARGE:
        return json.loads(body, tokens=tokens)
    from onehandler.codecs import json_parts  # few bodies have a megabyte

    columns = (name for spec in signature.inputs for name in spec.columns)
    return json_parts.loads(body, [spec.name for spec in signature.inputs], columns, tokens=tokens)


def json_bytes(request: Request, limit: int, also: tuple[str, ...] = ()) -> bytes:
    """The request's JSON, not parsed: type, charset and coding checked, at most `limit` bytes decompressed.

    `also` names content types that this protocol's clients send with JSON in the body.
    """
    headers, body = request.headers, request.body
    usual = (
        headers.get("content-type", json.CONTENT_TYPE) == json.CONTENT_TYPE
        and "content-encoding" not in headers
    )
    if usual and len(body) <= limit:
        return body
    content_type = request.content_type
    plain = not content_type or content_type == json.CONTENT_TYPE or content_type in also
    if not plain and not (content_type.startswith("application/") and content_type.endswith("+json")):
        raise UnsupportedType("send the body as application/json", where="content-type")
    if charset(headers.get("content-type", "")) not in _CHARSETS:
        raise UnsupportedType("JSON is always UTF-8; leave the charset away", where="content-type")
    from onehandler.codecs.compression import decoded  # most bodies aren't compressed

    return decoded(body, headers.get("content-encoding", ""), limit)


def json_response(value: Any, rows: int = 0, *, tokens: bool = False, held: int = 0) -> Response:
    """Answer 200 with JSON; `rows` is how many rows it predicts, the others are as for json.dumps."""
    body = json.dumps(value, tokens=tokens, held=held)
    return Response(200, {"content-type": json.CONTENT_TYPE}, body, rows)


def charset(content_type: str) -> str:
    """The charset parameter of a Content-Type header in lower case, or ""."""
    return parameter(content_type, "charset").lower()


def parameter(content_type: str, wanted: str) -> str:
    """A parameter of a Content-Type header, or ""."""
    for each in content_type.split(";")[1:]:
        name, _, value = each.partition("=")
        if name.strip().lower() == wanted:
            return value.strip().strip('"')
    return ""


def require_acceptable(accept: str, written: tuple[str, ...] = (json.CONTENT_TYPE,)) -> None:
    """Refuse an Accept header that leaves no room for any of these; none at all accepts everything."""
    if accept in _ALL and written[0] == json.CONTENT_TYPE:
        return
    from onehandler.protocols.accept import chosen  # few clients ask for anything else

    chosen(accept, written)
