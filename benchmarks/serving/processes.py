"""All processes of a server: what they hold in memory, and their end."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ENDS_WITHIN = 15.0  # seconds
_PORTS = range(20_000, 32_000)  # clients get theirs above; multi-model-server takes none past 49,151


def free_ports(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        port = random.choice(_PORTS)
        with ExitStack() as stack:
            try:
                for offset in range(count):
                    stack.enter_context(socket.create_server(("127.0.0.1", port + offset)))
            except OSError:
                continue
            return port


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server in a folder, its words in server.log; in the end nothing of it is left."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            list(command), env=dict(environ), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        _end(process)


def tree(pid: int) -> list[int]:
    """A process and all that it started, and they started."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, _read(task).split())
    return found


def memory_mb(pid: int) -> tuple[float, float]:
    """PSS (shared pages by share) and RSS (shared pages in full) of a process tree, in megabytes."""
    pss = rss = 0
    for each in tree(pid):
        for line in _read(Path(f"/proc/{each}/smaps_rollup")).splitlines():
            name, _, value = line.partition(":")
            pss += int(value.split()[0]) if name == "Pss" else 0
            rss += int(value.split()[0]) if name == "Rss" else 0
    return pss * 1024 / 1e6, rss * 1024 / 1e6


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended meanwhile
        return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the first process; kill what is left after that."""
    pids = tree(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ENDS_WITHIN)
    for pid in {*pids, *tree(process.pid)}:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
    time.sleep(0.2)  # its ports and pages are given back
