"""The Lambda Runtime API as bytes: what the runtime client asks, and what it is answered. Opens no socket.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_MOST_HEAD = 4 * 1024 * 1024  # the client sends stack traces of up to 1 MB in a header
_PREFIX = "/2018-06-01/runtime/"

ACCEPTED: Final = (
    b'HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
)
RESTORED: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Call(Enum):
    """The operations of the Runtime API."""

    NEXT = auto()
    RESPONSE = auto()
    ERROR = auto()
    INIT_ERROR = auto()
    RESTORE_NEXT = auto()
    RESTORE_ERROR = auto()
    UNKNOWN = auto()


class MalformedRequest(Exception):
    """Not what a runtime client sends."""


@dataclass(frozen=True, slots=True)
class RuntimeRequest:
    """One request of the runtime client. A body over the reader's limit is counted, and not kept."""

    call: Call
    request_id: str = ""
    error_type: str = ""
    body: bytes = b""
    body_size: int = 0  # bytes


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the head of an invocation carries to the runtime client."""

    request_id: str
    deadline_ms: int
    invoked_arn: str
    trace_id: str
    client_context: str | None
    payload_size: int


_NEXT = RuntimeRequest(Call.NEXT)
_FIXED = {
    ("GET", "invocation/next"): Call.NEXT,
    ("POST", "init/error"): Call.INIT_ERROR,
    ("GET", "restore/next"): Call.RESTORE_NEXT,
    ("POST", "restore/error"): Call.RESTORE_ERROR,
}
_OF_INVOCATION = {"response": Call.RESPONSE, "error": Call.ERROR}


class RequestReader:
    """Reads the requests of one connection; the client sends the next only after an answer.

    `authority` is the host:port that the client was told; requests to another come from somebody else.
    """

    __slots__ = ("_authority", "_buffer", "_head", "_known_next", "_limit", "_seen")

    def __init__(self, body_limit: int, authority: str) -> None:
        self._limit = body_limit
        self._authority = authority
        self._known_next = b""
        self._buffer = bytearray()
        self._head: RuntimeRequest | None = None
        self._seen = 0

    def feed(self, data: bytes) -> RuntimeRequest | None:
        """Take what arrived; give the request once it is whole. Raises MalformedRequest."""
        self._buffer += data
        if self._head is None:
            if self._buffer == self._known_next:  # half of all requests are the same, byte for byte
                self._buffer.clear()
                return _NEXT
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > _MOST_HEAD:
                    raise MalformedRequest(f"runtime client: head over {_MOST_HEAD} bytes")
                return None
            self._head = _parse_head(self._buffer[:end].decode("latin-1"), self._authority)
            if self._head == _NEXT and end + 4 == len(self._buffer):
                self._known_next = bytes(self._buffer)
            del self._buffer[: end + 4]
        return self._finish(self._head)

    def _finish(self, head: RuntimeRequest) -> RuntimeRequest | None:
        if not head.body_size:
            self._head = None
            return head
        self._seen += len(self._buffer) if head.body_size > self._limit else 0
        if head.body_size > self._limit:
            self._buffer.clear()
        if max(self._seen, len(self._buffer)) < head.body_size:
            return None
        body = bytes(self._buffer)
        self._buffer.clear()
        self._head, self._seen = None, 0
        return RuntimeRequest(head.call, head.request_id, head.error_type, body, head.body_size)


def _parse_head(text: str, authority: str) -> RuntimeRequest:
    line, *fields = text.split("\r\n")
    call, request_id = _route(line)
    size, error_type, host = 0, "", ""
    for field in fields:
        name, _, value = field.partition(":")
        match name.lower():
            case "content-length":
                size = _length(value.strip())
            case "lambda-runtime-function-error-type":
                error_type = value.strip()
            case "host":
                host = value.strip()
            case "origin" | "sec-fetch-site":
                raise MalformedRequest("runtime client: refused a request that a web page had a browser send")
            case "transfer-encoding":
                raise MalformedRequest(
                    "runtime client: chunked bodies (response streaming) are not supported; the stock Python "
                    "client sends Content-Length"
                )
    if host != authority:  # a web page whose own name leads here
        raise MalformedRequest(
            f"runtime client: refused a request to Host {host[:100]!r}; this is {authority}"
        )
    return RuntimeRequest(call, request_id, error_type, body_size=size)


def _route(line: str) -> tuple[Call, str]:
    parts = line.split(" ")
    if len(parts) != 3:
        raise MalformedRequest(f"runtime client: no request line: {line[:100]!r}")
    method, path, _ = parts
    rest = path.removeprefix(_PREFIX)
    fixed = _FIXED.get((method, rest))
    if fixed is not None:
        return fixed, ""
    steps = rest.split("/")
    if method == "POST" and len(steps) == 3 and steps[0] == "invocation" and steps[2] in _OF_INVOCATION:
        return _OF_INVOCATION[steps[2]], steps[1]
    return Call.UNKNOWN, ""


def _length(text: str) -> int:
    if not text.isdecimal():
        raise MalformedRequest(f"runtime client: Content-Length {text[:40]!r} is no number")
    return int(text)


def invocation_head(delivery: Delivery) -> bytes:
    """Give the head of the answer to `next`; the payload follows it."""
    context = delivery.client_context
    return (
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {delivery.request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {delivery.deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {delivery.invoked_arn}\r\n"
        f"Lambda-Runtime-Trace-Id: {delivery.trace_id}\r\n"
        f"{'' if context is None else f'Lambda-Runtime-Client-Context: {_one_line(context)}' + chr(13) + chr(10)}"
        f"Content-Length: {delivery.payload_size}\r\n\r\n"
    ).encode()


def too_large(limit: int) -> bytes:
    """Give the answer to a response over `limit` bytes; the stock client exits over it, on AWS too."""
    body = json.dumps(
        {
            "errorMessage": f"Exceeded maximum allowed payload size ({limit} bytes).",
            "errorType": "RequestEntityTooLarge",
        }
    ).encode()
    return (
        b"HTTP/1.1 413 Request Entity Too Large\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )


def _one_line(context: str) -> str:
    """JSON text as a header value: ASCII, without line ends. What is no JSON is the runtime client's to refuse."""
    try:
        return json.dumps(json.loads(context))
    except ValueError:
        return context.encode("ascii", "backslashreplace").decode().replace("\r", " ").replace("\n", " ")
