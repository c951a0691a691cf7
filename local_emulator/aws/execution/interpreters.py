"""Lambda's managed Python runtimes on this machine: an interpreter, and what AWS puts beside a function.

That is exactly requirements/lambda-runtime.txt, in a small virtual environment: a package missing from an
artifact is missing here too, and no site-packages of the developer's are ever seen.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from local_emulator.aws.execution.errors import RuntimeNotInstalled, UnsupportedRuntime
from onehandler.errors import SettingsError
from onehandler.pythons import find_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements" / "lambda-runtime.txt"
# Beside the virtual environment that runs us: every emulator, test and benchmark shares what was installed once.
CACHE = Path(sys.prefix) / "lambda-runtime"
RUNTIMES = ("python3.11", "python3.12", "python3.13")
_PYTHON = re.compile(r"python3\.(\d+)")


class Interpreters:
    """Finds the interpreter of a Lambda runtime and keeps its environment under `cache`.

    The first use of a version installs, which takes seconds; a message says so through `note`.
    """

    def __init__(
        self,
        cache: Path = CACHE,
        requirements: Path = REQUIREMENTS,
        find: Callable[[str], Path] = find_python,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._cache = cache.absolute()  # instances run elsewhere
        self._requirements = requirements
        self._find = find
        self._note = note
        self._lock = threading.Lock()
        self._ready: dict[str, Path] = {}

    def available(self) -> dict[str, str]:
        """Give each Lambda runtime that has an interpreter on this machine, with that interpreter."""
        found = {}
        for runtime in RUNTIMES:
            try:
                found[runtime] = str(self._find(runtime.removeprefix("python")))
            except SettingsError:
                continue
        return found

    def executable(self, runtime: str) -> Path:
        """Give the Python of a Lambda runtime's environment, made when missing.

        Raises UnsupportedRuntime, or RuntimeNotInstalled when installing fails.
        """
        ready = self._ready.get(runtime)
        if ready is not None:
            return ready
        with self._lock:
            if runtime not in self._ready:
                self._ready[runtime] = self._environment(_checked(runtime)) / "bin" / "python"
            return self._ready[runtime]

    def runtime_folder(self, runtime: str) -> Path:
        """Give the folder that the runtime client is in: AWS's /var/runtime."""
        return self.executable(runtime).parents[1] / "lib" / runtime / "site-packages"

    def _environment(self, runtime: str) -> Path:
        digest = hashlib.sha256(self._requirements.read_bytes()).hexdigest()[:16]
        folder = self._cache / f"{runtime}-{digest}"
        if folder.is_dir():
            return folder
        base = self._base(runtime)
        self._cache.mkdir(parents=True, exist_ok=True)
        with _locked(self._cache / ".lock"):
            if not folder.is_dir():  # another process was quicker
                self._note(f"installing the Lambda runtime environment of {runtime} in {folder}")
                self._install(base, folder)
        return folder

    def _base(self, runtime: str) -> Path:
        version = runtime.removeprefix("python")
        try:
            return self._find(version)
        except SettingsError as error:
            raise UnsupportedRuntime(
                f"Lambda runtime {runtime} needs a Python {version} on this machine and there is none; install it "
                f"(pyenv install {version}, uv python install {version}, or your system's packages)"
            ) from error

    def _install(self, base: Path, folder: Path) -> None:
        """Install beside, then move into place: who finds the folder finds it whole."""
        with tempfile.TemporaryDirectory(dir=self._cache, prefix="new-") as made:
            environment = Path(made) / folder.name
            _run([str(base), "-m", "venv", "--without-pip", "--symlinks", str(environment)])
            python = str(environment / "bin" / "python")
            _run(
                [
                    *(_uv(), "pip", "install", "--quiet", "--python", python, "--require-hashes"),
                    *("--only-binary", ":all:", "--link-mode", "copy", "--compile-bytecode"),
                    *("-r", str(self._requirements)),
                ]
            )
            environment.rename(folder)


def _checked(runtime: str) -> str:
    if runtime in RUNTIMES:
        return runtime
    match = _PYTHON.fullmatch(runtime)
    if match and int(match[1]) < 11:
        reason = "AWS's current runtime client no longer runs on it"
    elif match:
        reason = "the emulator doesn't know this version yet"
    else:
        reason = "the emulator runs Python functions only"
    raise UnsupportedRuntime(
        f"Lambda runtime {runtime or '(none)'} is not supported here: {reason}; "
        f"supported are {', '.join(RUNTIMES)}"
    )


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise RuntimeNotInstalled(
            f"the Lambda runtime environment is installed with uv, which is neither {beside} nor on PATH; "
            "install it: pip install uv"
        )
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeNotInstalled(
            f"making the Lambda runtime environment failed: {' '.join(command[:4])} … ended with status "
            f"{done.returncode}: {done.stderr.strip()[-1000:]}"
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; it goes with the process that holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
