"""A response, as bytes."""

from __future__ import annotations

import re
import time
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from local_emulator.http.messages import HttpResponse

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_OURS = frozenset({"connection", "content-length", "date", "keep-alive", "transfer-encoding"})
_BODILESS = frozenset({204, 304})
_REASONS = {status.value: status.phrase for status in HTTPStatus}


def valid_header(name: str, value: str) -> bool:
    """Tell whether a field can be sent as it is; a CR or LF in it would begin another one."""
    return _NAME.fullmatch(name) is not None and _FORBIDDEN.search(value) is None


def encode(response: HttpResponse, method: str, *, close: bool, now: float | None = None) -> bytes:
    """Give the bytes to send. Raises ValueError for a header field that cannot be sent."""
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, 'Unknown')}"]
    declared = len(response.body)
    for name, value in response.headers:
        if not valid_header(name, value):
            raise ValueError(f"response header {name!r} has characters that no header can have")
        if name.lower() not in _OURS:
            lines.append(f"{name}: {value}")
        elif name.lower() == "content-length" and method == "HEAD" and value.isdigit():
            declared = int(value)  # what a GET would have sent
    lines.append(f"Date: {formatdate(time.time() if now is None else now, usegmt=True)}")
    bodiless = response.status in _BODILESS
    if response.stream is not None and not bodiless:
        lines.append("Transfer-Encoding: chunked")
    elif not bodiless:
        lines.append(f"Content-Length: {declared}")
    lines.append(f"Connection: {'close' if close else 'keep-alive'}\r\n\r\n")
    head = "\r\n".join(lines)
    return _bytes(head) + (b"" if bodiless or method == "HEAD" else response.body)


def chunks(stream: Iterable[bytes]) -> Iterator[bytes]:
    """Give a streamed body as it is sent, by RFC 9112 7.1."""
    for block in stream:
        if block:  # an empty chunk would be the last
            yield b"%x\r\n%b\r\n" % (len(block), block)
    yield b"0\r\n\r\n"


def has_body(status: int, method: str) -> bool:
    """Tell whether a response to this method has a body at all."""
    return method != "HEAD" and status not in _BODILESS


def _bytes(head: str) -> bytes:
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError:  # HTTP knows no charset for headers; clients that look further expect UTF-8
        return head.encode()
