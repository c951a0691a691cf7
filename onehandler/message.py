"""Request and Response: what every HTTP-like carrier turns its event into, and back."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final


class Request:
    """One call. The carrier has undone its own encoding: `body` is bytes, `path` has no stage prefix.

    `path` is percent-decoded and starts with "/"; `query` is the raw query string without "?"; `headers`
    have lower-case names, repeated ones joined with ", "; `request_id` is the carrier's own id, or "".
    """

    __slots__ = ("body", "headers", "method", "path", "query", "request_id")

    def __init__(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: str = "",
        request_id: str = "",
    ) -> None:
        self.method: Final = method
        self.path: Final = path
        self.headers: Final = headers
        self.body: Final = body
        self.query: Final = query
        self.request_id: Final = request_id

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; "" when none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response:
    """One answer: a status code, headers with lower-case names, the body.

    `rows` is how many rows it predicts (0 where it predicts none), for the metrics.
    """

    __slots__ = ("body", "headers", "rows", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, rows: int = 0) -> None:
        self.status: Final = status
        self.headers: Final = headers
        self.body: Final = body
        self.rows: Final = rows
