"""Finds the interpreter of a Python version: this one, one on PATH, or one that pyenv keeps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from onehandler.errors import SettingsError


@cache
def find_python(version: str) -> Path:
    """The executable of a version such as "3.13". SettingsError says what to install when there is none."""
    for candidate in _candidates(version):
        if _version_of(candidate) == version:
            return candidate
    raise SettingsError(
        f"no Python {version} on this machine; install it, or choose this one: {this_version()}",
        where=f"python{version}",
    )


def this_version() -> str:
    """Major and minor of the running interpreter, "3.13"."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _candidates(version: str) -> list[Path]:
    found = [Path(sys.executable)]
    on_path = shutil.which(f"python{version}")
    if on_path:
        found.append(Path(on_path))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return found + sorted(pyenv.glob(f"{version}.*/bin/python{version}"))


def _version_of(executable: Path) -> str:
    """What it says itself: a pyenv shim answers for versions that aren't there."""
    command = [str(executable), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
