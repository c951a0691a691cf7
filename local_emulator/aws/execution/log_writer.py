"""Carries the lines of instances to the log sink, off the path of invocations."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import LogSink

_log = logging.getLogger(__name__)

# Lines wait so long for company: one waking of the writer, not one an invocation.
_GATHER_S = 0.01


@dataclass(frozen=True, slots=True)
class _Lines:
    group: str
    stream: str
    text: bytes
    timestamp_ms: int


class LogWriter:
    """One thread that writes to the sink, in the order in which lines came."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self._queue: SimpleQueue[_Lines | threading.Event | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="lambda-logs", daemon=True)
        self._thread.start()

    def write(self, group: str, stream: str, text: bytes) -> None:
        """Take whole lines; never waits."""
        self._queue.put(_Lines(group, stream, text, time.time_ns() // 1_000_000))

    def flush(self) -> None:
        """Wait until the sink has all that was written before."""
        done = threading.Event()
        self._queue.put(done)
        while not done.wait(1.0) and self._thread.is_alive():
            pass

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            found = [self._queue.get()]
            if isinstance(found[0], _Lines):
                time.sleep(_GATHER_S)
            found += _all_of(self._queue)
            ended = self._handle(found)

    def _handle(self, found: list[_Lines | threading.Event | None]) -> bool:
        ended = False
        for item in found:
            if isinstance(item, _Lines):
                self._hand_over(item)
            elif item is None:
                ended = True
            else:
                item.set()
        return ended

    def _hand_over(self, lines: _Lines) -> None:
        try:
            self._sink.write(lines.group, lines.stream, lines.text, lines.timestamp_ms)
        except Exception:  # noqa: BLE001
            # The sink is somebody else's; its failure must not silence every function after this one.
            _log.exception("log sink: %d bytes of %s %s are lost", len(lines.text), lines.group, lines.stream)


def _all_of(
    queue: SimpleQueue[_Lines | threading.Event | None],
) -> list[_Lines | threading.Event | None]:
    found = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
