"""Starts the processes of one function's instances."""

from __future__ import annotations

import socket
import tempfile
from typing import TYPE_CHECKING

from local_emulator.aws.execution.channel import Channel
from local_emulator.aws.execution.environment import instance_environment
from local_emulator.aws.execution.process import RuntimeProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local_emulator.aws.execution.code_store import Unpacked
    from local_emulator.aws.execution.contracts import FunctionSnapshot
    from local_emulator.aws.execution.environment import Installation
    from local_emulator.aws.execution.limits import Limits
    from local_emulator.aws.execution.warden import Warden


class Launcher:
    """Knows all that instances of one function have in common."""

    def __init__(
        self,
        installation: Installation,
        environment: Mapping[str, str],
        folder: Path,
        warden: Warden,
        limits: Limits,
    ) -> None:
        self._installation = installation
        self._environment = dict(environment)
        self._folder = folder
        self._warden = warden
        self.limits = limits

    @property
    def function(self) -> FunctionSnapshot:
        """The function that is launched."""
        return self._installation.function

    @property
    def unpacked(self) -> Unpacked:
        """Where its code lies."""
        return self._installation.unpacked

    def temporary_folder(self) -> str:
        """Make an instance's /tmp."""
        return tempfile.mkdtemp(dir=self._folder)

    def launch(
        self, stream: str, temporary: str, output: bytearray, tick: Callable[[], None]
    ) -> tuple[RuntimeProcess, Channel]:
        """Start a runtime client that talks over the channel given."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=8)
        listener.setblocking(False)
        api = f"127.0.0.1:{listener.getsockname()[1]}"
        try:
            process = RuntimeProcess(
                # -B: the code's folder is read-only. -P: it is on the path already, and once is enough.
                (str(self._installation.python), "-B", "-P", "-m", "awslambdaric", self.function.handler),
                self._installation.unpacked.task,
                instance_environment(self._environment, api, stream, temporary),
                self._warden,
            )
        except BaseException:
            listener.close()
            raise
        memory_kb = self.function.memory_mb * 1024
        return process, Channel(process, listener, memory_kb, self.limits, output, tick)
