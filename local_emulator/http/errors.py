"""What can be wrong with a request before anybody looks at what it asks for.

HttpProtocolError        the bytes are not a request that we accept; carries the status to answer
StreamBrokenError        where an answer is streamed from has failed, after the status went out
ConnectionEndedError     the client went away (OSError's family stays apart: the system's own failures)
"""

from __future__ import annotations


class HttpProtocolError(Exception):
    """The request is refused, and the connection cannot be used any further."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class ConnectionEndedError(Exception):
    """The client closed the connection in the middle of a request; there is nobody left to answer."""


class StreamBrokenError(Exception):
    """The rest of a streamed body will not come; all that is left is to end the connection."""
