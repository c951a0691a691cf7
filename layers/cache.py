"""Archives that were built before, found again by the digest of everything they were made from."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from layers.archive import check_archive, digest_of, files_below, write_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CACHE = Path(__file__).parent.parent / "build" / ".cache"
_RECIPES = sorted(Path(__file__).parent.glob("*.py"))
_KEPT = 6  # of each archive: both architectures and a few states of the code


def key_of(*texts: str, files: Iterable[Path] = ()) -> str:
    """Digest of everything an archive is made from, our own build code and zlib among it."""
    parts = [*texts, zlib.ZLIB_RUNTIME_VERSION, *(digest_of(path) for path in (*_RECIPES, *files))]
    return sha256(json.dumps(parts).encode()).hexdigest()


def built(target: Path, key: str, fill: Callable[[Path], None], cache: Path = CACHE) -> bool:
    """Put an archive at `target`: the one made from these inputs before, or one made now.

    `fill` fills an empty folder with what it holds. Tells whether it was made now. The archive appears whole
    or not at all, and processes that want the same one wait for each other.
    """
    cache.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    stored = cache / f"{target.stem}-{key[:32]}.zip"
    with _locked(cache / f"{target.stem}.lock"):
        fresh = not stored.exists()
        if fresh:
            _make(stored, fill)
            _forget_old(cache, target.stem, stored)
        os.utime(stored)
        if not target.is_file() or digest_of(target) != digest_of(stored):
            _copy(stored, target)
    return fresh


def _make(stored: Path, fill: Callable[[Path], None]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="onehandler-layer-"))
    try:
        fill(folder)
        with _appearing(stored) as partial:
            write_archive(partial, files_below(folder))
            check_archive(partial)
    finally:
        shutil.rmtree(folder)


def _copy(stored: Path, target: Path) -> None:
    with _appearing(target) as partial:
        shutil.copyfile(stored, partial)


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its name when all went well and goes when not."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _forget_old(cache: Path, stem: str, newest: Path) -> None:
    """Drop all but the latest used; `newest` stays whatever its time."""
    stored = [path for path in cache.glob(f"{stem}-*.zip") if path != newest]
    stored.sort(key=lambda path: path.stat().st_mtime)
    for path in stored[: -(_KEPT - 1)]:
        path.unlink()
