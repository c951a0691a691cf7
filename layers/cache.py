"""Builds an archive only when its inputs changed: their digest lies beside it."""

from __future__ import annotations

import json
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from layers.archive import digest_of, files_below, write_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RECIPES = sorted(Path(__file__).parent.glob("*.py"))


def key_of(*texts: str, files: Iterable[Path] = ()) -> str:
    """Digest of everything an archive is made from, our own build code among it."""
    parts = [*texts, *(digest_of(path) for path in (*_RECIPES, *files))]
    return sha256(json.dumps(parts).encode()).hexdigest()


def built(target: Path, key: str, fill: Callable[[Path], None]) -> bool:
    """Make the archive from a folder that `fill` fills, unless it was made from the same inputs.

    Tells whether it was made now. The archive appears whole or not at all.
    """
    noted = target.with_name(target.name + ".key")
    if target.exists() and noted.exists() and noted.read_text() == f"{key} {digest_of(target)}":
        return False
    folder = Path(tempfile.mkdtemp(prefix="onehandler-layer-"))
    try:
        fill(folder)
        write_archive(target, files_below(folder))
    finally:
        shutil.rmtree(folder)
    noted.write_text(f"{key} {digest_of(target)}")
    return True
