"""`onehandler serve` as a process of its own, and ways to ask it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Served:
    """A server that takes connections."""

    process: subprocess.Popen[str]
    port: int
    output: IO[str]

    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return children(self.process.pid)

    def ask(self, rows: Any, timeout: float = SECONDS) -> Any:
        """One prediction on a connection of its own."""
        status, body = self.post({"rows": rows}, timeout)
        assert status == 200, body
        return body["predictions"]

    def post(self, content: Any, timeout: float = SECONDS) -> tuple[int, Any]:
        """Status and body of an answer to anything."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("POST", "/predict", json.dumps(content), {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, json.load(response)
        finally:
            connection.close()

    def connection(self, timeout: float = SECONDS) -> HTTPConnection:
        """One that stays."""
        return HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path: str, timeout: float = SECONDS) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer to GET."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()

    def logged(self) -> list[dict[str, Any]]:
        """Log lines until now."""
        self.output.seek(0)
        return [json.loads(line) for line in self.output]


@contextmanager
def serving(bundle: str, *options: object, **environ: str) -> Iterator[Served]:
    """Start it; afterwards it is ended, if the test didn't do so."""
    with tempfile.TemporaryFile("w+") as output, start(bundle, *options, stdout=output, **environ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            assert found, line + process.stderr.read()
            yield Served(process, int(found[1]), output)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


def start(bundle: str, *options: object, stdout: Any = None, **environ: str) -> subprocess.Popen[str]:
    """The process alone, on a free port."""
    words = ["serve", bundle, "--port", "0", *map(str, options)]
    return subprocess.Popen(
        [sys.executable, "-m", "onehandler.cli.main", *words],
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )


def children(pid: int) -> list[int]:
    """Ids of a process's children, as Linux tells them."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
