"""Installs pinned, hashed wheels for another machine into a folder, with uv."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from layers.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layers.target import Target


def requirements_of(file: Path, projects: Sequence[str] = ()) -> str:
    """The pins of a requirements file; with `projects`, of those alone.

    A lock lists what a project depends on, too, also where the layer takes nothing of that.
    """
    entries = _entries(file.read_text())
    missing = [project for project in projects if project not in entries]
    if missing:
        raise BuildError(f"pins no {missing[0]}; run 'make lock'", where=file.name)
    return "".join(entries[project] for project in projects or sorted(entries))


def install(requirements: str, target: Target, folder: Path) -> None:
    """Install exactly these pins, as wheels of the target, below the folder; uv checks every hash."""
    pins = folder.with_name(folder.name + ".requirements.txt")
    pins.write_text(requirements)
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps"]
    command += ["--target", str(folder), "--only-binary", ":all:", "--require-hashes", "-r", str(pins)]
    command += ["--python-version", target.python, "--python-platform", target.platform]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if run.returncode:
        raise BuildError(f"uv cannot install wheels for {target}: {run.stderr.strip()[:2000]}")


def _entries(text: str) -> dict[str, str]:
    """The lines that belong to each project: a pin begins a line, its hashes are indented below it."""
    entries: dict[str, str] = {}
    project = ""
    for line in text.splitlines(keepends=True):
        if line[:1].isalnum():
            project = line.partition("==")[0].strip()
        if project and not line.lstrip().startswith("#"):
            entries[project] = entries.get(project, "") + line
    return entries
