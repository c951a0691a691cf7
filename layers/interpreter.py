"""Finds the Python that compiles for a target: the format of .pyc files changes with every minor version."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layers.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PROBE = (
    "import sys, json, importlib.util as u; json.dump(dict(version='%d.%d.%d' % sys.version_info[:3], "
    "magic=u.MAGIC_NUMBER.hex(), modules=sorted(sys.stdlib_module_names)), sys.stdout)"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that runs here. `modules` are the top-level names of its standard library."""

    path: Path
    version: str
    magic: bytes
    modules: frozenset[str]


def find_interpreter(python: str, places: Iterable[Path]) -> Interpreter:
    """Take the first of the places that is CPython `python` (major.minor); BuildError when none is."""
    tried = []
    for place in places:
        found = _probed(place)
        if found and found.version.rpartition(".")[0] == python:
            return found
        tried.append(f"{place} ({found.version if found else 'does not run'})")
    raise BuildError(
        f"no Python {python} to compile with: bytecode is made by exactly that version. Install it ('uv python "
        f"install {python}' or 'pyenv install {python}') and put it on PATH. Tried {', '.join(tried) or 'nothing'}",
        where="--python",
    )


def usual_places(python: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """This interpreter, then PATH, then pyenv's versions, the latest first."""
    yield Path(sys.executable)
    for folder in environ.get("PATH", "").split(":"):
        candidate = Path(folder, f"python{python}")
        if folder and candidate.is_file():
            yield candidate
    home = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/"), ".pyenv"))
    yield from sorted(home.glob(f"versions/{python}.*/bin/python"), key=_patch, reverse=True)


def _patch(path: Path) -> int:
    """The patch release in pyenv's folder name; pre-releases ("3.14.0rc1") come last."""
    patch = path.parent.parent.name.rpartition(".")[2]
    return int(patch) if patch.isdecimal() else -1


def _probed(path: Path) -> Interpreter | None:
    """Ask an interpreter what it is; None when it does not run (pyenv's shims fail for absent versions)."""
    command = [str(path), "-I", "-S", "-c", _PROBE]
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return None
    if run.returncode:
        return None
    facts = json.loads(run.stdout)
    return Interpreter(path, facts["version"], bytes.fromhex(facts["magic"]), frozenset(facts["modules"]))
