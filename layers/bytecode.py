"""Compiles what ships: a task folder is read-only, so a cold start would compile everything each time.

The .pyc are hash-unchecked: the interpreter takes them without looking at the source's time or content, which
is what an immutable folder wants. Measured with `import fastapi, mangum` from the web layer's wheels (15
fresh processes in turns, median; the whole spread is noise):

| what ships | import | unzipped |
| --- | --- | --- |
| .py and .pyc, level 0 | 290 ms | 15.1 MB |
| .py and .pyc, level 1 (no asserts) | 282 ms | 15.1 MB |
| .py and .pyc, level 2 (no docstrings either) | 288 ms | 14.5 MB |
| .pyc alone | 308 ms | 10.7 MB |

So level 0 ships: asserts are behaviour, and FastAPI and pydantic publish docstrings. Sources ship beside
them, for the lines in tracebacks.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError
from onehandler.pythons import find_python

if TYPE_CHECKING:
    from pathlib import Path

_UNCHECKED_HASH = (0b01).to_bytes(4, "little")  # the flags of https://peps.python.org/pep-0552/


def compile_folder(folder: Path, python: str, mounted: str) -> None:
    """Compile every module below a folder for a Python version, which must be on this machine.

    Tracebacks name the files below `mounted`, where Lambda puts them. The folder's own path is not in the
    result, so equal sources give equal bytes anywhere.
    """
    command = [
        *(str(find_python(python)), "-P", "-s", "-S", "-m", "compileall", "-q", "-f", "-o", "0"),
        *("--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", mounted),
        str(folder),
    ]
    # A user's PYTHON* variables must not reach the bytecode (PYTHONOPTIMIZE would rename it).
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PYTHONHASHSEED"] = "0"
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SettingsError(
            f"does not compile: {(done.stdout + done.stderr).strip()[-2000:]}", where=str(folder)
        )


def toolchain(python: str) -> str:
    """What else decides the bytecode's bytes: the interpreter's exact release."""
    command = [str(find_python(python)), "-I", "-S", "-c", "import sys; print(sys.version)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def pyc_name(source: str, python: str) -> str:
    """Where CPython `python` ("3.13") looks for a source's bytecode; both are relative POSIX paths."""
    folder, slash, file = source.rpartition("/")
    return f"{folder}{slash}__pycache__/{file.removesuffix('.py')}.cpython-{python.replace('.', '')}.pyc"


def is_unchecked(pyc: bytes) -> bool:
    """Tell whether this bytecode loads without a look at its source."""
    return pyc[4:8] == _UNCHECKED_HASH
