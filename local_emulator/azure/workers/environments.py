"""What stands beside an app's code: Azure's worker runtime, and the packages of an app that brings none.

Both are installed once, below build/, and found there again by their digest.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local_emulator.azure.errors import DeploymentRefused, RuntimeMissing
from onehandler.errors import SettingsError
from onehandler.pythons import find_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = _ROOT / "requirements" / "azure-runtime.txt"
CACHE = _ROOT / "build" / "azure-runtime"
NEWEST = "3.13"
SUPPORTED = (NEWEST,)


class Environments:
    """Makes what is missing, with `uv`; a message says so through `note`, for it takes seconds."""

    def __init__(
        self,
        cache: Path = CACHE,
        requirements: Path = REQUIREMENTS,
        find: Callable[[str], Path] = find_python,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._cache = cache.absolute()
        self._requirements = requirements
        self._find = find
        self._note = note

    def python(self, version: str) -> Path:
        """Give the worker's Python, with Azure's runtime. Raises DeploymentRefused and RuntimeMissing."""
        if version not in SUPPORTED:
            raise DeploymentRefused(
                f"the app asks for Python {version}; Azure's worker runtime that is emulated here runs on "
                f"{', '.join(SUPPORTED)}: build the app for that, or change its .python-version"
            )
        base = self._base(version)
        folder = self._cache / f"python{version}-{_digest(self._requirements.read_bytes())}"
        self._once(
            folder,
            f"installing Azure's worker runtime for Python {version}",
            lambda made: _worker(base, made, self._requirements),
        )
        return folder / "bin" / "python"

    def packages(self, requirements: Path, version: str) -> Path:
        """Give the folder of packages that Azure's remote build would make of a requirements.txt."""
        base = self._base(version)
        folder = self._cache / f"packages{version}-{_digest(requirements.read_bytes())}"
        self._once(
            folder,
            f"installing {requirements}, as Azure's remote build does",
            lambda made: _packages(base, made, requirements),
        )
        return folder

    def _base(self, version: str) -> Path:
        try:
            return self._find(version)
        except SettingsError as error:
            raise RuntimeMissing(
                f"the Functions worker needs Python {version} on this machine and there is none; install it "
                f"(pyenv install {version}, uv python install {version}, or your system's packages)"
            ) from error

    def _once(self, folder: Path, doing: str, install: Callable[[Path], None]) -> None:
        """Install beside, then move into place: who finds the folder finds it whole."""
        if folder.is_dir():
            return
        self._cache.mkdir(parents=True, exist_ok=True)
        with _locked(self._cache / ".lock"):
            if folder.is_dir():  # another process was quicker
                return
            self._note(f"{doing} in {folder}")
            with tempfile.TemporaryDirectory(dir=self._cache, prefix="new-") as made:
                install(Path(made) / folder.name)
                (Path(made) / folder.name).rename(folder)


def _worker(base: Path, folder: Path, requirements: Path) -> None:
    _run([str(base), "-m", "venv", "--without-pip", "--symlinks", str(folder)])
    python = str(folder / "bin" / "python")
    _run([*_uv_install(python), "--require-hashes", "--only-binary", ":all:", "-r", str(requirements)])


def _packages(base: Path, folder: Path, requirements: Path) -> None:
    _run([*_uv_install(str(base)), "--target", str(folder), "-r", str(requirements)])


def _uv_install(python: str) -> list[str]:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise RuntimeMissing(
            f"the worker's environment is installed with uv, which is neither {beside} nor on PATH; "
            "install it: pip install uv"
        )
    return [
        found,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        "--link-mode",
        "copy",
        "--compile-bytecode",
    ]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeMissing(
            f"making the worker's environment failed: {' '.join(command[:4])} … ended with status "
            f"{done.returncode}: {done.stderr.strip()[-1000:]}"
        )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it goes with the process that holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
