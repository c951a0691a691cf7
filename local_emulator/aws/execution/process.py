"""The process of one instance: its group, its output, its memory."""

from __future__ import annotations

import array
import fcntl
import os
import signal
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

from local_emulator.aws.execution.errors import ExecutorClosed, UnsupportedSystem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from local_emulator.aws.execution.warden import Warden

_READ = 65_536  # what a pipe holds
_STATUS = 8_192


class RuntimeProcess:
    """A process in a group of its own, with standard output and error in one pipe.

    `output` and `ended` are file descriptors to poll: output to read, and the end of the process.
    """

    __slots__ = ("_popen", "_status", "_warden", "ended", "output")

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], warden: Warden
    ) -> None:
        if sys.platform != "linux":
            raise UnsupportedSystem(
                f"Lambda instances need Linux (/proc, pidfd); this is {sys.platform}: run the emulator in a Linux "
                "virtual machine or WSL 2"
            )
        self.output, theirs = os.pipe()
        try:
            # No preexec_fn, or subprocess could not use vfork.
            self._popen = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        except OSError:
            os.close(self.output)
            raise
        finally:
            os.close(theirs)
        self._warden = warden
        self.ended = self._status = -1
        try:
            self.ended = os.pidfd_open(self._popen.pid)
            self._status = os.open(f"/proc/{self._popen.pid}/status", os.O_RDONLY | os.O_CLOEXEC)
            warden.watch(self._popen.pid)
        except (OSError, ExecutorClosed):  # out of file descriptors, or shutting down
            self.end()
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The process, which leads its group."""
        return self._popen.pid

    def read_output(self) -> bytes:
        """Read once, when there is something to read; b"" at the end."""
        return os.read(self.output, _READ)

    def pending_output(self) -> bytes:
        """Read what is in the pipe at this moment, without waiting and without chasing a busy writer."""
        size = array.array("i", [0])
        fcntl.ioctl(self.output, termios.FIONREAD, size)
        return os.read(self.output, size[0]) if size[0] else b""

    def peak_memory_kb(self) -> int:
        """The most resident memory so far; 0 once the process has ended."""
        try:
            text = os.pread(self._status, _STATUS, 0)
        except ProcessLookupError:
            return 0
        start = text.find(b"VmHWM:")
        return 0 if start < 0 else int(text[start + 6 : text.index(b"kB", start)])

    def end(self) -> int:
        """Kill the whole group and wait for the leader; give its return code as subprocess does."""
        if self._popen.returncode is None:
            # Before waiting: until then nobody else can have the number.
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._warden.forget(self._popen.pid)
            self._popen.wait()
        return self._popen.returncode

    def close(self) -> None:
        """Close what is left of an ended process."""
        for descriptor in (self.output, self.ended, self._status):
            if descriptor >= 0:
                os.close(descriptor)
        self.output = self.ended = self._status = -1

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self.output < 0
