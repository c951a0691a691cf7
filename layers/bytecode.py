"""Compiles what ships: a task folder is read-only, so a cold start would compile everything each time.

The .pyc are hash-unchecked: the interpreter takes them without looking at the source's time or content, which
is what an immutable folder wants. Sources ship beside them, for tracebacks.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError
from onehandler.pythons import find_python

if TYPE_CHECKING:
    from pathlib import Path


def compile_folder(folder: Path, python: str, mounted: str) -> None:
    """Compile every module below a folder for a Python version, which must be on this machine.

    Tracebacks name the files below `mounted`, where Lambda puts them. The folder's own path is not in the
    result, so equal sources give equal bytes anywhere.
    """
    command = [
        *(str(find_python(python)), "-m", "compileall", "-q", "-f"),
        *("--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", mounted),
        str(folder),
    ]
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SettingsError(
            f"does not compile: {(done.stdout + done.stderr).strip()[-2000:]}", where=str(folder)
        )
