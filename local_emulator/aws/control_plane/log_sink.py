"""CloudWatch Logs: the lines of instances become events of moto's log streams."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local_emulator.aws.execution.contracts import FunctionSnapshot

# A stream forgets its oldest quarter beyond this: an emulator left running must not eat the machine.
MOST_EVENTS = 40_000


class LogHomes:
    """Remembers the account and region of each log group, which lines do not carry.

    Two functions of one name in two regions log to one group each; lines of both go to the one that was
    invoked last.
    """

    def __init__(self) -> None:
        self._homes: dict[str, tuple[str, str]] = {}

    def note(self, function: FunctionSnapshot) -> None:
        """Remember where a function that is about to run lives."""
        group = function.log_group or f"/aws/lambda/{function.name}"
        self._homes[group] = (function.account_id, function.region)

    def find(self, group: str) -> tuple[str, str]:
        """Give account and region of a group. Raises KeyError when no function of its was ever found."""
        return self._homes[group]


class MotoLogSink:
    """Appends lines to moto's log streams, making group and stream when the first line comes."""

    def __init__(self, homes: LogHomes) -> None:
        # Here, not above: moto takes half a second to import.
        from moto.logs.models import logs_backends

        self._backends = logs_backends
        self._homes = homes
        self._lock = Lock()  # moto's streams count on being called by one thread

    def write(self, group: str, stream: str, lines: bytes, timestamp_ms: int) -> None:
        """Take whole lines of a function; each becomes one event."""
        self.write_to(self._homes.find(group), group, stream, lines, timestamp_ms)

    def write_to(
        self, home: tuple[str, str], group: str, stream: str, lines: bytes, timestamp_ms: int
    ) -> None:
        """The same for whoever's account and region are known."""
        text = lines.decode("utf-8", "replace")
        # The runtime client writes a carriage return where a message of several lines has its line ends.
        events = [
            {"timestamp": timestamp_ms, "message": line.replace("\r", "\n") + "\n"}
            for line in text.split("\n")
            if line
        ]
        if not events:
            return
        account_id, region = home
        with self._lock:
            _append(self._backends[account_id][region], group, stream, events)


def _append(backend: Any, group: str, stream: str, events: list[dict[str, Any]]) -> None:
    backend.ensure_log_group(group)
    backend.ensure_log_stream(group, stream)
    kept = backend.groups[group].streams[stream]
    kept.put_log_events(events)
    if len(kept.events) > MOST_EVENTS:
        del kept.events[: MOST_EVENTS // 4]
