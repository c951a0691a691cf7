"""The executor's side of the warden: a process that outlives it, and cleans up after it (cleanup.py)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from local_emulator.aws.execution.errors import ExecutorClosed

_PROGRAM = Path(__file__).with_name("cleanup.py")
_PATIENCE_S = 60.0  # deleting a quarter of a gigabyte of unpacked code takes its time


class Warden:
    """Knows every process group that runs, and ends all of them when this process is gone, however it went."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self._pipe, self._process = self._started()

    @property
    def pid(self) -> int:
        """The warden's process, for those who look after processes."""
        return self._process.pid

    def watch(self, group: int) -> None:
        """Take charge of a process group. Raises ExecutorClosed: nobody would end it."""
        with self._lock:
            if self._pipe < 0:
                raise ExecutorClosed("the emulator is shutting down and starts no instances")
            self._groups.add(group)
            self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Let go of a process group. To be called while its leader still holds the number."""
        with self._lock:
            self._groups.discard(group)
            self._tell(f"-{group}\n")

    def close(self) -> None:
        """Have everything ended and deleted, and wait for it."""
        with self._lock:
            if self._pipe < 0:
                return
            os.close(self._pipe)
            self._pipe = -1
        self._process.wait(_PATIENCE_S)

    def _started(self) -> tuple[int, subprocess.Popen[bytes]]:
        theirs, ours = os.pipe()
        # A session of its own: what ends the emulator from a terminal must not end its warden.
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM), str(self._folder)],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs)
        return ours, process

    def _tell(self, line: str) -> None:
        if self._pipe < 0:
            return
        try:
            os.write(self._pipe, line.encode())
        except BrokenPipeError:
            self._replace()

    def _replace(self) -> None:
        """Somebody ended the warden: a new one learns all that the old one knew."""
        os.close(self._pipe)
        self._process.wait()
        self._pipe, self._process = self._started()
        os.write(self._pipe, "".join(f"+{group}\n" for group in self._groups).encode())
