"""`onehandler serve` for the length of a with block, and one request to it: how the examples ask their bundles."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from examples.demo.steps import StepFailed, say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WAIT = 30  # seconds


@contextmanager
def served(bundle: Path) -> Iterator[str]:
    """Serve the bundle on a free port of this machine; gives the server's URL."""
    command = [
        sys.executable,
        "-m",
        "onehandler.cli.main",
        "serve",
        str(bundle),
        "--port",
        "0",
        "--workers",
        "1",
    ]
    say(f"$ onehandler serve {bundle}")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr, "a pipe was asked for"
        try:
            said = ""
            for line in server.stderr:
                said += line
                found = re.search(r"http://[\d.]+:\d+", line)
                if found:
                    break
            else:
                raise StepFailed(f"the server ended: {said.strip()}")
            yield found[0]
        finally:
            server.terminate()


def post(url: str, body: bytes | dict[str, Any], content_type: str = "application/json") -> Any:
    """The parsed answer to a POST request."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(url, content, {"content-type": content_type})  # noqa: S310 - the server above
    with urlopen(request, timeout=_WAIT) as response:  # noqa: S310
        return json.loads(response.read())
