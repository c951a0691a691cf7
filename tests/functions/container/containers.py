"""The container's program as a process, started as a platform starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.onehandler.serving.servers import SECONDS, Served

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-m", "functions.container.serve", "serve"]


def environment(**environ: str) -> dict[str, str]:
    """Nothing of this process's own but what finds programs and modules."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "ONEHANDLER_HOST": "127.0.0.1", **environ}


@contextmanager
def container(*, ends: bool = True, **environ: str) -> Iterator[Served]:
    """Start it on a free port; afterwards it is ended, and must have ended well if `ends`."""
    with (
        tempfile.TemporaryFile("w+") as output,
        subprocess.Popen(
            PROGRAM, stdout=output, stderr=subprocess.PIPE, text=True, env=environment(PORT="0", **environ)
        ) as process,
    ):
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"on port (\d+)", line)
            assert found, line + process.stderr.read()
            yield Served(process, int(found[1]), output)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)
        assert not ends or process.returncode == 0
