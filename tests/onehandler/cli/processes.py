"""The command as users run it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "onehandler.cli.main"]


def environment(**more: str) -> dict[str, str]:
    """Ours without settings of the caller's, wide enough for tables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONEHANDLER_")}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1", **more}


def run(*words: str, given: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """`onehandler words…` with this on standard input."""
    return subprocess.run(
        [*COMMAND, *words],
        input=given,
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
