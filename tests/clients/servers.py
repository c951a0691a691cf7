"""`onehandler serve` as a process."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STARTS_WITHIN = 60.0  # seconds, on a busy machine
_READY = re.compile(r"on http://([^/]+)/")


@contextmanager
def serving(bundle: str, folder: Path, *options: str) -> Iterator[str]:
    """Serve a bundle on a free port; gives host:port once it answers. Its words are in folder/serve.log."""
    command = [sys.executable, "-m", "onehandler.cli.main", "serve", bundle, "--port", "0", "--workers", "1"]
    log = folder / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen([*command, *options], stdout=file, stderr=file)
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(30)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        found = _READY.search(log.read_text())
        if found:
            return found[1]
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise TimeoutError(log.read_text())
