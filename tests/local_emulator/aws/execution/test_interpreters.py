from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_emulator.aws.execution.errors import RuntimeNotInstalled, UnsupportedRuntime
from local_emulator.aws.execution.interpreters import REQUIREMENTS, Interpreters
from onehandler.errors import SettingsError

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def this(_: str) -> Path:
    return Path(sys.executable)


def none(version: str) -> Path:
    raise SettingsError(f"no Python {version}", where="test")


def test_environment_holds_what_aws_has_and_nothing_else(interpreters: Interpreters) -> None:
    listing = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    found = subprocess.run(
        [interpreters.executable(RUNTIME), "-c", listing], capture_output=True, text=True, check=True
    )
    locked = {line.partition("==")[0] for line in REQUIREMENTS.read_text().splitlines() if "==" in line}
    assert set(found.stdout.split()) == locked
    assert (interpreters.runtime_folder(RUNTIME) / "awslambdaric").is_dir()


def test_made_once_by_however_many_and_quick_from_then_on(tmp_path: Path) -> None:
    """A requirements file without packages takes the same way, and installs nothing."""
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# none\n")
    notes: list[str] = []
    each = [Interpreters(tmp_path / "cache", requirements, this, notes.append) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda one: one.executable(RUNTIME), each))
    assert len(found) == len(notes) == 1
    assert len([path for path in (tmp_path / "cache").iterdir() if path.name != ".lock"]) == 1

    began = time.perf_counter()
    assert {Interpreters(tmp_path / "cache", requirements, none).executable(RUNTIME)} == found
    assert time.perf_counter() - began < 0.1

    requirements.write_text("# other\n")
    assert {Interpreters(tmp_path / "cache", requirements, this).executable(RUNTIME)} != found


def test_packages_without_matching_hashes_are_not_installed(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(RuntimeNotInstalled, match="ended with status"):
        Interpreters(tmp_path / "cache", requirements, this).executable(RUNTIME)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_missing_interpreter_is_named_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedRuntime, match=r"python3\.12 needs a Python 3\.12 .*\(pyenv install 3\.12"):
        Interpreters(tmp_path, find=none).executable("python3.12")


@pytest.mark.parametrize(
    ("runtime", "reason"),
    [
        ("nodejs20.x", "runs Python functions only"),
        ("provided.al2023", "runs Python functions only"),
        ("", r"\(none\) is not supported"),
        ("python3.10", "no longer runs on it"),
        ("python3.14", "doesn't know this version yet"),
    ],
)
def test_runtimes_that_are_not_supported(tmp_path: Path, runtime: str, reason: str) -> None:
    with pytest.raises(UnsupportedRuntime, match=reason):
        Interpreters(tmp_path, find=this).executable(runtime)


def test_available_lists_what_is_found(tmp_path: Path) -> None:
    def only_3_12(version: str) -> Path:
        return Path("/usr/bin/python3.12") if version == "3.12" else none(version)

    assert Interpreters(tmp_path, find=only_3_12).available() == {"python3.12": "/usr/bin/python3.12"}
