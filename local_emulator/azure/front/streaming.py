"""The HTTP streaming extension: requests go to the worker's own HTTP server, and its answer is passed through.

The runtime matches the request with the invocation by a header, whichever of them comes first.
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local_emulator.http.errors import StreamBrokenError
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.http.messages import HttpRequest

INVOCATION = "x-ms-invocation-id"
_BLOCK = 64 * 1024
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "upgrade"})


class WorkerStream:
    """The rest of a worker's answer, and the connection that it comes over."""

    def __init__(self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        """Give what has come, as it comes."""
        while True:
            try:
                block = self._response.read1(_BLOCK)
            except (OSError, http.client.HTTPException) as error:
                raise StreamBrokenError(str(error) or type(error).__name__) from error
            if not block:
                return
            yield block

    def close(self) -> None:
        """Close the connection to the worker."""
        self._connection.close()


def forward(request: HttpRequest, worker_url: str, invocation_id: str, timeout_s: float) -> HttpResponse:
    """Pass a request to a worker's HTTP server. Raises OSError and http.client.HTTPException."""
    parts = urlsplit(worker_url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout_s)
    try:
        _send(connection, request, invocation_id)
        response = connection.getresponse()
    except BaseException:
        connection.close()
        raise
    headers = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP)
    return HttpResponse(response.status, headers, stream=WorkerStream(connection, response))


def _send(connection: http.client.HTTPConnection, request: HttpRequest, invocation_id: str) -> None:
    head = request.head
    connection.putrequest(head.method, head.target, skip_host=True, skip_accept_encoding=True)
    for name, value in head.headers:
        if name.lower() not in _HOP:
            connection.putheader(name, value.encode("latin-1"))
    connection.putheader(INVOCATION, invocation_id)
    if request.body.size:
        connection.putheader("Content-Length", str(request.body.size))
    connection.endheaders()
    body = request.body.open()
    while block := body.read(_BLOCK):
        connection.send(block)
