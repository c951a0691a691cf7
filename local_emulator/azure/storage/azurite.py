"""Azurite, Microsoft's emulator of Azure Storage, as a child process."""

from __future__ import annotations

import base64
import os
import re
import secrets
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Self

from local_emulator.azure.errors import RuntimeMissing

if TYPE_CHECKING:
    from local_emulator.aws.execution.warden import Warden

PROGRAM = Path(__file__).resolve().parents[3] / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
ACCOUNT = "devstoreaccount1"
_LISTENING = re.compile(
    r"Azurite (Blob|Queue|Table) service is successfully listening at (http://127\.0\.0\.1:\d+)"
)
_SERVICES = ("Blob", "Queue", "Table")
_START_S = 60.0


class Azurite:
    """Blob, queue and table services on free ports of 127.0.0.1, with a key of their own.

    A random key, and not the one that the documentation publishes: a web page that reaches the port cannot sign.
    """

    def __init__(self, folder: Path, warden: Warden, program: Path = PROGRAM) -> None:
        self._folder = folder
        self._warden = warden
        self._program = program
        self._key = base64.b64encode(secrets.token_bytes(64)).decode()
        self._urls: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def connection_string(self) -> str:
        """What Azure's own tools and SDKs take."""
        endpoints = "".join(f"{name}Endpoint={self._urls[name]}/{ACCOUNT};" for name in _SERVICES)
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={self._key};{endpoints}"

    def start(self) -> Self:
        """Start it and wait until every service listens. Raises RuntimeMissing."""
        if not self._program.is_file():
            raise RuntimeMissing(f"Azurite is not installed ({self._program} is missing); run make setup")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [_node(), str(self._program), *_options(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{self._key}"},
            start_new_session=True,
        )
        self._warden.watch(self._process.pid)
        lines: SimpleQueue[str | None] = SimpleQueue()
        self._reader = threading.Thread(
            target=_copy, args=(self._process, lines), name="azurite-output", daemon=True
        )
        self._reader.start()
        self._wait(lines)
        return self

    def close(self) -> None:
        """End it; what it stored is in its folder."""
        if self._process is None or self._reader is None:
            return
        self._process.kill()
        self._warden.forget(self._process.pid)
        self._process.wait()
        self._reader.join()
        self._process = None

    def _wait(self, lines: SimpleQueue[str | None]) -> None:
        said: list[str] = []
        while len(self._urls) < len(_SERVICES):
            try:
                line = lines.get(timeout=_START_S)
            except Empty:
                line = None
            if line is None:
                self.close()
                raise RuntimeMissing(f"Azurite did not start: {' '.join(said)[-1000:] or 'it said nothing'}")
            said.append(line)
            match = _LISTENING.search(line)
            if match:
                self._urls[match[1]] = match[2]


def _node() -> str:
    """Find Node on PATH, or beside this Python, where make setup puts it on machines that have none."""
    found = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))
    if found is None:
        raise RuntimeMissing("Azurite needs Node 20 or later, and there is no `node` on PATH; run make setup")
    return found


def _options(folder: Path) -> list[str]:
    # SDKs are always ahead of the versions that Azurite knows of.
    options = ["--location", str(folder), "--disableTelemetry", "--skipApiVersionCheck", "--silent"]
    for service in _SERVICES:
        options += [f"--{service.lower()}Host", "127.0.0.1", f"--{service.lower()}Port", "0"]
    return options


def _copy(process: subprocess.Popen[bytes], lines: SimpleQueue[str | None]) -> None:
    """Hand on what it says; it would stand still if nobody read."""
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line.decode(errors="replace").strip())
    lines.put(None)
