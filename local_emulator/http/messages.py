"""Requests and responses, as the whole front passes them around."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

HeaderItems = tuple[tuple[str, str], ...]


class Headers:
    """Header fields in the order received; names compare without regard to case."""

    __slots__ = ("_first", "items")

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self.items: HeaderItems = tuple(items)
        self._first: dict[str, str] = {}
        for name, value in self.items:
            self._first.setdefault(name.lower(), value)

    def get(self, name: str) -> str | None:
        """Give the first value of the field, or None. `name` is in lower case."""
        return self._first.get(name)

    def all(self, name: str) -> list[str]:
        """Give every value of the field, in order. `name` is in lower case."""
        return [value for key, value in self.items if key.lower() == name]

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request before its body: what the guard decides on."""

    method: str
    path: str  # still percent-encoded, always with a leading slash
    query: str  # still encoded, without the question mark
    version: str  # "HTTP/1.1" or "HTTP/1.0"
    headers: Headers
    host: str  # host and port as the client named them, lower case; empty only for HTTP/1.0
    peer: str = "127.0.0.1"

    @property
    def hostname(self) -> str:
        """The host without its port; an IPv6 address keeps its brackets."""
        if self.host.startswith("["):
            return self.host.partition("]")[0] + "]"
        return self.host.partition(":")[0]

    @property
    def target(self) -> str:
        """Path and query, as they came."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body: in memory when small, else in a temporary file that `close` removes."""

    data: bytes = b""
    file: BinaryIO | None = None
    size: int = 0

    def read(self) -> bytes:
        """Give the whole body."""
        if self.file is None:
            return self.data
        self.file.seek(0)
        return self.file.read()

    def open(self) -> BinaryIO:
        """Give the body as a file, at its start."""
        if self.file is None:
            return io.BytesIO(self.data)
        self.file.seek(0)
        return self.file

    def close(self) -> None:
        """Let go of the temporary file, if there is one."""
        if self.file is not None:
            self.file.close()


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A whole request."""

    head: RequestHead
    body: Body = field(default_factory=Body)


class Stream(Protocol):
    """A body that comes bit by bit. When the rest won't come it raises StreamBrokenError, and nothing else."""

    def __iter__(self) -> Iterator[bytes]:
        """Give the body in blocks of any size."""
        ...

    def close(self) -> None:
        """Let go of where it comes from, read to its end or not."""
        ...


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response; the server adds Date, Connection and what says where the body ends.

    With a stream there is no body besides.
    """

    status: int
    headers: HeaderItems = ()
    body: bytes = b""
    stream: Stream | None = None

    def with_headers(self, *extra: tuple[str, str]) -> HttpResponse:
        """Give the same response with more header fields."""
        return HttpResponse(self.status, (*self.headers, *extra), self.body, self.stream)


def json_response(status: int, value: Mapping[str, object], *headers: tuple[str, str]) -> HttpResponse:
    """Build a response with a JSON body."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpResponse(status, (("Content-Type", "application/json"), *headers), body)


def problem(status: int, title: str, detail: str) -> HttpResponse:
    """Build a response of RFC 9457: what the emulator itself says, as opposed to a service of AWS."""
    value = {"title": title, "status": status, "detail": detail}
    body = json.dumps(value, ensure_ascii=False).encode()
    return HttpResponse(status, (("Content-Type", "application/problem+json"),), body)
