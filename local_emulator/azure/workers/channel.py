"""Calls to one worker over its socket, any number at once."""

from __future__ import annotations

import contextlib
import itertools
import logging
import socket
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from local_emulator.azure.errors import WorkerGone
from local_emulator.azure.worker_program import wire

if TYPE_CHECKING:
    from collections.abc import Callable

Document = dict[str, Any]
_GONE = "the worker process ended"
_NONSENSE = (ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError)
_log = logging.getLogger(__name__)


class Channel:
    """The host's end of the socket; `closed` is told once, when the worker has gone."""

    def __init__(
        self, sock: socket.socket, log: Callable[[Document], None], closed: Callable[[], None]
    ) -> None:
        self._socket = sock
        self._log = log
        self._closed = closed
        self._sending = threading.Lock()
        self._waiting: dict[int, Future[Document]] = {}
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._gone = False
        self._reader = threading.Thread(target=self._read, name="azure-worker-channel", daemon=True)
        self._reader.start()

    def send(self, kind: str, document: Document) -> Future[Document]:
        """Send a request; the future gives the answer, or raises WorkerGone."""
        answer: Future[Document] = Future()
        number = next(self._ids)
        with self._lock:
            if self._gone:
                raise WorkerGone(_GONE)
            self._waiting[number] = answer
        frame = wire.encode({"id": number, "kind": kind, "document": document})
        # A socket that breaks here is noticed by the reader, which fails every waiting call.
        with contextlib.suppress(OSError), self._sending:
            self._socket.sendall(frame)
        return answer

    def close(self) -> None:
        """Hang up, which ends the worker, and wait for the reader."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join()

    def _read(self) -> None:
        try:
            while True:
                sizes = wire.Sizes(self._exactly(wire.HEADER))
                self._take(wire.decode(sizes, self._exactly(sizes.total)))
        except (OSError, EOFError):
            pass  # it has ended, or was ended
        except _NONSENSE as error:  # the app can write to the socket, too
            _log.warning("the worker process sent what is no message, and is ended: %r", error)
        finally:
            self._end()

    def _end(self) -> None:
        """Fail whoever still waits, and say that nothing more comes."""
        with self._lock:
            self._gone = True
            waiting = list(self._waiting.values())
            self._waiting.clear()
        self._socket.close()
        for answer in waiting:
            answer.set_exception(WorkerGone(_GONE))
        self._closed()

    def _take(self, document: Document) -> None:
        if "log" in document:
            self._log(document["log"])
            return
        with self._lock:
            answer = self._waiting.pop(document["id"])
        if "error" in document:
            answer.set_exception(WorkerGone(f"the worker program failed: {document['error']}"))
        else:
            answer.set_result(document["answer"])

    def _exactly(self, count: int) -> bytes:
        data = bytearray(count)
        view = memoryview(data)
        while view:
            received = self._socket.recv_into(view)
            if not received:
                raise EOFError
            view = view[received:]
        return bytes(data)
