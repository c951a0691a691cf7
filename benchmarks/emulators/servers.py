"""The emulators: ours, MiniStack and moto's own server, each started as its documentation says."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.serving.environments import environment
from benchmarks.serving.processes import free_ports, memory_mb, running

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "us-east-1"
_STARTS_WITHIN = 60.0  # seconds
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Emulator:
    """One kind; `words` is the command after its program.

    `executes`: functions run without Docker; `deep`: a queue of 100,000 messages can be filled in minutes.
    """

    name: str
    requirements: str  # of its environment; "": ours
    program: str
    words: str
    executes: bool
    deep: bool = True

    def command(self, port: int) -> list[str]:
        """What is started."""
        folder = environment(self.requirements) / "bin" if self.requirements else Path(sys.executable).parent
        return [str(folder / self.program), *(word.format(port=port) for word in self.words.split())]


EMULATORS = (
    Emulator("onehandler", "", "onehandler", "emulate --port {port} --data data", executes=True),
    Emulator("MiniStack", "peer-ministack", "ministack", "", executes=True),
    Emulator("moto", "", "moto_server", "-H 127.0.0.1 -p {port}", executes=False, deep=False),
)


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator that answers."""

    name: str
    port: int
    pid: int
    boot_ms: float

    def client(self, service: str) -> Any:
        """A boto3 client of its own, with a pool for many threads, that tries nothing twice."""
        return _client(service, self.port)

    def account(self) -> str:
        """The account that these clients act in."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def memory_mb(self) -> float:
        """PSS of all its processes."""
        return memory_mb(self.pid)[0]


@contextmanager
def started(emulator: Emulator) -> Iterator[Running]:
    """Start one in a folder of its own and wait for its first answer."""
    port = free_ports(1)
    with tempfile.TemporaryDirectory() as folder:
        own = {"GATEWAY_PORT": str(port), "PYTHONPATH": str(_CHECKOUT), "HOME": folder}
        begun = time.perf_counter()
        with running(emulator.command(port), {**os.environ, **own}, Path(folder)) as process:
            client = _client("sts", port)
            while not _answers(client):
                if process.poll() is not None or time.perf_counter() - begun > _STARTS_WITHIN:
                    log = Path(folder, "server.log").read_text(errors="replace")
                    raise RuntimeError(f"{emulator.name} doesn't start: {log[-2000:]}")
                time.sleep(0.005)
            yield Running(emulator.name, port, process.pid, (time.perf_counter() - begun) * 1000)


def _answers(client: Any) -> bool:
    try:
        client.get_caller_identity()
    except (BotoCoreError, ClientError):
        return False
    return True


def _client(service: str, port: int) -> Any:
    return boto3.client(  # type: ignore[call-overload] # the service's name is a variable
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            retries={"total_max_attempts": 1}, max_pool_connections=32, s3={"addressing_style": "path"}
        ),
    )
