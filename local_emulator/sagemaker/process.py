"""A serving container as a process: started, pinged until it is ready, asked, told to stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING

from local_emulator.sagemaker.errors import CannotServe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from http.client import HTTPResponse
    from pathlib import Path

    from local_emulator.aws.execution.warden import Warden
    from local_emulator.sagemaker.images import Program

STOP_S = 30.0  # between SIGTERM and SIGKILL
_PING_S = 2.0  # for one answer to a ping
_EVERY_S = 0.05
_STOPPING_S = 0.01
_READ = 65_536


@dataclass(frozen=True, slots=True)
class Launch:
    """What a process is started with. `logged` takes its output, some bytes at a time, whole lines."""

    program: Program
    environment: Mapping[str, str]
    folder: Path
    logged: Callable[[bytes], None]


class ServingProcess:
    """One process in a group of its own; `stop` may be called more than once, and from any thread."""

    def __init__(self, launch: Launch, warden: Warden) -> None:
        self.port = _free_port()
        environment = {
            **launch.program.environment,
            **launch.environment,
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "ONEHANDLER_HOST": "127.0.0.1",
        }
        self._warden = warden
        self._last = b""
        try:
            self._process = subprocess.Popen(
                launch.program.command,
                cwd=launch.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise CannotServe(f"the container cannot be started: {error}") from None
        warden.watch(self._process.pid)
        self._reader = threading.Thread(target=self._read, args=(launch.logged,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process, which leads its group."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_ready(self, seconds: float) -> None:
        """Ping until it answers 200; CannotServe when it ends or the time does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.runs:
                self._reader.join(1)
                told = self._last.decode("utf-8", "replace").strip().splitlines()[-3:]
                code = self._process.returncode
                raise CannotServe(
                    f"The primary container for production variant did not start: it ended with {code}. "
                    + " ".join(told)
                )
            if self._pings():
                return
            time.sleep(_EVERY_S)
        raise CannotServe(
            "The primary container for production variant did not pass the ping health check. Please check CloudWatch "
            "logs for this endpoint."
        )

    @contextmanager
    def asked(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> Iterator[HTTPResponse]:
        """A request's response, its body still to be read. Raises OSError and HTTPException as http.client does."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, dict(headers))
            yield connection.getresponse()
        finally:
            connection.close()

    def stop(self, patience: float = STOP_S) -> None:
        """SIGTERM to the whole group, and SIGKILL to what is still there after `patience` seconds."""
        if self.runs:
            self._signal(signal.SIGTERM)
            end = time.monotonic() + patience
            # Not for its leader alone: bubblewrap ends at SIGTERM while the program within still finishes its requests.
            while self._group_runs() and time.monotonic() < end:
                time.sleep(_STOPPING_S)
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._warden.forget(self._process.pid)
        self._reader.join(5)

    def _group_runs(self) -> bool:
        self._process.poll()  # a leader that ended counts as running until somebody asks
        return self._signal(0)

    def _signal(self, number: int) -> bool:
        """Send it to the group; False when the group is no more."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True

    def _pings(self) -> bool:
        try:
            with self.asked("GET", "/ping", b"", {}, _PING_S) as response:
                return response.status == 200
        except (OSError, HTTPException):
            return False

    def _read(self, logged: Callable[[bytes], None]) -> None:
        """Hand the output on in whole lines."""
        output = self._process.stdout
        assert output is not None, "it was asked for"
        rest = b""
        while block := os.read(output.fileno(), _READ):
            lines, _, rest = (rest + block).rpartition(b"\n")
            if lines:
                self._last = lines[-_READ:]
                logged(lines)
        if rest:
            self._last = rest
            logged(rest)
        output.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
