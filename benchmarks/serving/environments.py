"""An environment for each peer, made once, of pinned and hashed requirements."""

from __future__ import annotations

import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import click

FOLDER = Path("build/peers")


def environment(requirements: str) -> Path:
    """The environment of requirements/NAME.txt, made now if it isn't there as these requirements are."""
    locked = Path("requirements") / f"{requirements}.txt"
    digest = sha256(locked.read_bytes()).hexdigest()
    folder = FOLDER / requirements
    made = folder / "made"
    if not made.exists() or made.read_text() != digest:
        click.echo(f"making {folder}", err=True)
        shutil.rmtree(folder, ignore_errors=True)
        _uv("venv", "--no-project", "--python", sys.executable, str(folder))
        _uv("pip", "sync", "--python", str(folder / "bin" / "python"), "--require-hashes", str(locked))
        made.write_text(digest)
    return folder.resolve()


def megabytes(folder: Path) -> float:
    """All of its files."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_symlink()) / 1e6


def _uv(*words: str) -> None:
    done = subprocess.run([sys.executable, "-m", "uv", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(words)} says {done.stderr}")
