"""Calls a WSGI application (PEP 3333) with our requests."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from local_emulator.http.messages import HttpResponse, json_response

if TYPE_CHECKING:
    from local_emulator.http.messages import HttpRequest, RequestHead

# PEP 3333's own types, as far as it has any.
Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
WsgiApplication = Callable[[Environ, StartResponse], Iterable[bytes]]

_log = logging.getLogger(__name__)
_PLAIN = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class WsgiBridge:
    """Answers requests with a WSGI application. Its failures are logged and answered with 500."""

    def __init__(
        self, application: WsgiApplication, port: int, extend: Callable[[RequestHead, Environ], None]
    ) -> None:
        self._application = application
        self._port = port
        self._extend = extend

    def answer(self, request: HttpRequest) -> HttpResponse:
        """Run the application and collect its whole response."""
        environ = self._environ(request)
        try:
            return _call(self._application, environ)
        except Exception:  # noqa: BLE001 - the application is not ours; its traceback belongs in the log
            _log.exception("%s %s failed in the control plane", request.head.method, request.head.path)
            message = "the emulated service failed on this request; the emulator's log says how"
            value = {"__type": "InternalFailure", "message": message}
            return json_response(500, value, ("x-amzn-ErrorType", "InternalFailure"))

    def _environ(self, request: HttpRequest) -> Environ:
        head = request.head
        environ: Environ = {
            "REQUEST_METHOD": head.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(head.path).decode("latin-1"),
            "QUERY_STRING": head.query,
            "RAW_URI": head.target,  # not in PEP 3333: the path before decoding, where S3 keys differ by it
            "REQUEST_URI": head.target,
            "REMOTE_ADDR": head.peer,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self._port),
            "SERVER_PROTOCOL": head.version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": request.body.open(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,
        }
        _add_headers(head, environ)
        self._extend(head, environ)
        environ["CONTENT_LENGTH"] = str(request.body.size)  # a chunked body has been put together by now
        return environ


def _add_headers(head: RequestHead, environ: Environ) -> None:
    """Add HTTP_… variables. A name with an underscore could pose as the one with a hyphen: it is left out."""
    for name, value in head.headers:
        lower = name.lower()
        if "_" in name or lower == "transfer-encoding":
            continue
        key = _PLAIN.get(lower) or "HTTP_" + lower.upper().replace("-", "_")
        environ[key] = f"{environ[key]},{value}" if key in environ else value


def _call(application: WsgiApplication, environ: Environ) -> HttpResponse:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    blocks: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> Callable[[bytes], object]:
        if started and exc_info is None:
            raise AssertionError("start_response was called twice")
        started[:] = [(status, headers)]
        return blocks.append

    result = application(environ, start_response)
    try:
        blocks.extend(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    body = blocks[0] if len(blocks) == 1 else b"".join(blocks)
    return HttpResponse(int(status[:3]), tuple(headers), body)
