"""Reads a model in a process of its own first, where a damaged file ends the process that reads it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 600  # seconds, for a model of gigabytes


def require_readable(path: Path, script: str, framework: str, how: str = "write it with save_model") -> None:
    """Run `script` with the path as its argument; ConversionError when it fails, in whatever way.

    `how` says how to make a file that is whole.
    """
    done = subprocess.run(
        [sys.executable, "-c", script, str(path.absolute())],
        capture_output=True,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        raise ConversionError(
            f"cannot be read as a {framework} model: its reader fails; {how}",
            where=str(path),
        )
