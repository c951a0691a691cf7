"""A small S3 of our own: objects in memory, ranges, and faults in the order that a test gives them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

CUT = -1  # instead of a status: half of the body, then the end of the connection
DROPPED = -2  # the end of the connection, without an answer


@dataclass(slots=True)
class Objects:
    """What the server holds, what it is to do wrong, and what it was asked."""

    url: str = ""
    held: dict[str, bytes] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    code: str = "InternalError"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def next_fault(self) -> int:
        """The fault of this request, 0 for none."""
        with self.lock:
            return self.faults.pop(0) if self.faults else 0


@contextmanager
def serving() -> Iterator[Objects]:
    """Run it on a free port for the length of a with block."""
    objects = Objects()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            objects.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            fault = objects.next_fault()
            if fault == DROPPED:
                self.close_connection = True
            elif fault > 0:
                self._answer(fault, f"<Error><Code>{objects.code}</Code></Error>".encode())
            elif (content := objects.held.get(unquote(self.path))) is None:
                self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            else:
                first, _, last = self.headers["range"].removeprefix("bytes=").partition("-")
                self._answer(206, content[int(first) : int(last) + 1], cut=fault == CUT)

        def _answer(self, status: int, body: bytes, cut: bool = False) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = self.close_connection or cut

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    objects.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
