"""The head of a request, from bytes, by RFC 9112, refusing whatever two readers could read in two ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local_emulator.http.errors import HttpProtocolError
from local_emulator.http.messages import Headers, RequestHead

if TYPE_CHECKING:
    from local_emulator.http.limits import Limits

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) (HTTP/[0-9]\.[0-9])")
_FIELD = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")


def parse_head(head: bytes, limits: Limits, peer: str = "127.0.0.1") -> RequestHead:
    """Parse what stands before the empty line. Raises HttpProtocolError."""
    first, *rest = head.split(b"\r\n")
    method, target, version = _request_line(first, limits)
    if len(rest) > limits.header_count:
        raise HttpProtocolError(431, f"{len(rest)} header fields; at most {limits.header_count} are accepted")
    headers = Headers([_field(line) for line in rest])
    authority, path, query = _target(method, target)
    host = _host(headers, version, authority)
    return RequestHead(method, path, query, version, headers, host, peer)


def _request_line(line: bytes, limits: Limits) -> tuple[str, str, str]:
    if len(line) > limits.request_line:
        raise HttpProtocolError(414, f"the request line is over {limits.request_line} bytes")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise HttpProtocolError(400, "the first line is not 'METHOD target HTTP/1.1' in printable ASCII")
    method, target, version = match.group(1).decode(), match.group(2).decode(), match.group(3).decode()
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise HttpProtocolError(505, f"{version} was received; HTTP/1.1 and HTTP/1.0 are accepted")
    return method, target, version


def _field(line: bytes) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    if match is None:  # obsolete folding, a space before the colon, control characters, a bare CR or LF
        raise HttpProtocolError(400, "a header line is not 'name: value' without control characters")
    return match.group(1).decode(), match.group(2).decode("latin-1")


def _target(method: str, target: str) -> tuple[str, str, str]:
    """Split a target into authority (empty in origin form), path and query."""
    if method == "CONNECT":
        raise HttpProtocolError(501, "CONNECT is not served: this is no proxy for other hosts")
    if "#" in target:
        raise HttpProtocolError(400, "a request target has no fragment")
    authority = ""
    if not target.startswith("/"):
        authority, target = _absolute(target)
    path, _, query = target.partition("?")
    return authority, path, query


def _absolute(target: str) -> tuple[str, str]:
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise HttpProtocolError(400, "the request target is not a valid URL") from error
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        raise HttpProtocolError(400, "a request target is a path with a leading slash, or a whole http URL")
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc.lower(), (parts.path or "/") + query


def _host(headers: Headers, version: str, authority: str) -> str:
    hosts = [value.lower() for value in headers.all("host")]
    if len(hosts) > 1 or (not hosts and version == "HTTP/1.1"):
        raise HttpProtocolError(400, f"a request has exactly one Host header; {len(hosts)} were received")
    host = hosts[0] if hosts else authority
    if authority and host != authority:
        raise HttpProtocolError(400, "the Host header and the host of the request target differ")
    if host and not _HOST.fullmatch(host):
        raise HttpProtocolError(400, "the Host header is not 'name' or 'name:port'")
    return host
