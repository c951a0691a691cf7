"""The most memory a process had at once, and of what kind, read every few milliseconds while it runs.

VmHWM, which the kernel keeps itself, counts pages that a process has mapped, those of files (libraries, mapped
weights) among them. Pages of a file belong to the page cache: the kernel may drop them whenever it needs the room,
and shares them between processes. RssAnon is what it cannot drop.
"""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

KINDS = ("VmHWM", "RssAnon", "RssFile")
_EVERY_S = 0.002


class Peaks:
    """Watches one process from `watch` on until it has ended. `mb` are the peaks by name."""

    def __init__(self) -> None:
        self.mb = dict.fromkeys(KINDS, 0.0)
        self._ended = Event()
        self._thread: Thread | None = None

    def watch(self, pid: int) -> None:
        """Begin."""
        self._thread = Thread(target=self._poll, args=(Path(f"/proc/{pid}/status"),), daemon=True)
        self._thread.start()

    def end(self) -> dict[str, float]:
        """The peaks, in megabytes of 10^6 bytes."""
        self._ended.set()
        assert self._thread is not None, "watch comes first"
        self._thread.join()
        return self.mb

    def _poll(self, status: Path) -> None:
        while not self._ended.wait(_EVERY_S):
            try:
                lines = status.read_text().splitlines()
            except OSError:  # it has ended
                return
            for line in lines:
                kind, _, size = line.partition(":")
                if kind in self.mb and size:
                    self.mb[kind] = max(self.mb[kind], int(size.split()[0]) * 1024 / 1e6)
