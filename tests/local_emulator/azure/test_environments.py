"""The worker's environment: made once, whole or not at all, with what Azure has."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_emulator.azure.errors import RuntimeMissing
from local_emulator.azure.workers.environments import NEWEST, REQUIREMENTS, Environments


def this(_: str) -> Path:
    return Path(sys.executable)


def test_it_holds_what_azure_has_and_nothing_else() -> None:
    listing = "import importlib.metadata as m; print(*sorted(d.name.lower() for d in m.distributions()))"
    python = Environments().python(NEWEST)
    found = subprocess.run([python, "-c", listing], capture_output=True, text=True, check=True)
    locked = {line.partition("==")[0] for line in REQUIREMENTS.read_text().splitlines() if "==" in line}
    assert set(found.stdout.split()) == locked


def test_made_once_by_however_many(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# none\n")
    notes: list[str] = []
    each = [Environments(tmp_path / "cache", requirements, this, notes.append) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(lambda one: one.python(NEWEST), each))
    assert len(found) == len(notes) == 1
    requirements.write_text("# other\n")
    assert each[0].python(NEWEST) not in found


def test_packages_without_matching_hashes_are_not_installed(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    environments = Environments(tmp_path / "cache", requirements, this)
    with pytest.raises(RuntimeMissing, match="ended with status"):
        environments.python(NEWEST)
    with pytest.raises(RuntimeMissing, match="ended with status"):
        environments.packages(requirements, NEWEST)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]
