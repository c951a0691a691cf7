"""Lambda's Runtime API for one instance, as far as the stock client needs it: next, response, error."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

ARN = "arn:aws:lambda:us-east-1:123456789012:function:predict"


class RuntimeApi:
    """Put events into `events`; results come out of `results` as (path's last word, parsed body)."""

    def __init__(self) -> None:
        self.events: Queue[Any] = Queue()
        self.results: Queue[tuple[str, Any]] = Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._endpoint())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: Any) -> tuple[str, Any]:
        self.events.put(event)
        return self.results.get(timeout=30)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _endpoint(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Endpoint(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = json.dumps(api.events.get()).encode()
                self.send_response(200)
                # Without a content type the stock client (4.2.2) dies of a segmentation fault.
                self.send_header("Content-Type", "application/json")
                self.send_header("Lambda-Runtime-Aws-Request-Id", "id-1")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", ARN)
                self.send_header("Lambda-Runtime-Deadline-Ms", "9999999999999")
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3f;Sampled=1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                api.results.put((self.path.rpartition("/")[2], json.loads(body)))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                """Quiet."""

        return Endpoint
