"""What several kinds of event have in common: bodies, header lists, paths."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from onehandler.message import Response

RESULT_LIMIT = 6 * 1024 * 1024  # bytes of a synchronous invocation's result


def body_of(event: Mapping[str, Any]) -> bytes:
    """The request's body, base64 undone where the event says so."""
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        from binascii import a2b_base64  # JSON comes as it is

        return a2b_base64(body)
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body)


def single(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    """Headers with one value each, names in lower case. API Gateway's HTTP APIs send them so: no copy then."""
    if not headers:
        return {}
    names = "".join(headers)
    if names == names.lower():
        return headers
    return {name.lower(): value for name, value in headers.items()}


def joined(headers: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Multi-value headers as one value each, names in lower case."""
    return {name.lower(): ", ".join(values) for name, values in headers.items()}


def encoded(response: Response) -> tuple[str, bool]:
    """The body as a result carries it: text as it is, anything else as base64."""
    media = response.headers.get("content-type", "text/")
    if media.startswith("text/") or "json" in media:
        return response.body.decode(), False
    from binascii import b2a_base64  # JSON goes as it is

    return b2a_base64(response.body, newline=False).decode(), True


def filled(template: str, parameters: Mapping[str, str] | None) -> str:
    """A route's template with its parameters in place: /{proxy+} and proxy=v1/models → /v1/models."""
    for name, value in (parameters or {}).items():
        template = template.replace(f"{{{name}+}}", value).replace(f"{{{name}}}", value)
    return template


def without(prefix: str, path: str) -> str:
    """The path below a prefix such as /dev; as it is when it isn't below."""
    if prefix.strip("/") and f"{path}/".startswith(f"/{prefix.strip('/')}/"):
        return path[len(prefix.strip("/")) + 1 :] or "/"
    return path


def unquoted(path: str) -> str:
    """The path percent-decoded."""
    if "%" not in path:
        return path
    from urllib.parse import unquote  # model names rarely need it

    return unquote(path)


def query_of(event: Mapping[str, Any]) -> str:
    """The query string, put together again from the decoded parameters."""
    found = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters")
    if not found:
        return ""
    from urllib.parse import urlencode  # predictions have no query

    return urlencode(found, doseq=True)
