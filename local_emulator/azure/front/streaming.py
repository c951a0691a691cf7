"""The HTTP streaming extension: requests go to the worker's own HTTP server, and its answer is passed through.

The runtime matches the request with the invocation by a header, whichever of them comes first.
"""

from __future__ import annotations

import http
import http.client
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from local_emulator.http.errors import StreamBrokenError
from local_emulator.http.messages import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_emulator.http.messages import HttpRequest

INVOCATION = "x-ms-invocation-id"
_BLOCK = 64 * 1024
_FRESH_S = 2.0  # uvicorn closes a connection that is idle for 5 seconds
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "upgrade"})


class WorkerConnections:
    """Connections to workers' servers, kept for the next request; `timeout_s` is for an answer to begin."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._idle: defaultdict[str, deque[tuple[float, http.client.HTTPConnection]]] = defaultdict(deque)

    def forward(self, request: HttpRequest, worker_url: str, invocation_id: str) -> HttpResponse:
        """Pass a request to a worker. Raises OSError and http.client.HTTPException."""
        kept = self._kept(worker_url)
        if kept is not None:
            try:
                return self._exchange(kept, request, worker_url, invocation_id)
            except (ConnectionError, http.client.RemoteDisconnected):
                pass  # closed by the worker while it was idle, so that nobody has read the request
        parts = urlsplit(worker_url)
        fresh = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=self._timeout_s)
        return self._exchange(fresh, request, worker_url, invocation_id)

    def close(self) -> None:
        """Close every connection that is not in use."""
        for idle in self._idle.values():
            for _, connection in idle:
                connection.close()

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        request: HttpRequest,
        worker_url: str,
        invocation_id: str,
    ) -> HttpResponse:
        try:
            _send(connection, request, invocation_id)
            response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        headers = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP)
        stream = WorkerStream(connection, response, lambda: self._keep(worker_url, connection))
        return HttpResponse(response.status, headers, stream=stream)

    def _kept(self, worker_url: str) -> http.client.HTTPConnection | None:
        idle = self._idle[worker_url]
        while idle:
            since, connection = idle.pop()
            if time.monotonic() - since < _FRESH_S:
                return connection
            connection.close()
        return None

    def _keep(self, worker_url: str, connection: http.client.HTTPConnection) -> None:
        self._idle[worker_url].append((time.monotonic(), connection))


class WorkerStream:
    """The rest of a worker's answer; `keep` is called when its connection can take another request."""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        keep: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._response = response
        self._keep = keep

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
        """Keep the connection after a whole answer, and close it after any other."""
        if self._response.length == 0:
            self._response.read()  # nothing more comes: says so to the connection
        whole = self._response.isclosed() and self._connection.sock is not None
        self._response.close()
        # After an exception uvicorn answers and hangs up without having said so.
        if whole and self._response.status < http.HTTPStatus.INTERNAL_SERVER_ERROR:
            self._keep()
        else:
            self._connection.close()


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
