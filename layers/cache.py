"""Artifacts that were built before, found again by everything that went into them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from layers.archive import check_archive, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_KEPT = 6  # of each artifact: both architectures, a few states of the code


class Cache:
    """A folder of archives, safe to share between processes: builds of one artifact wait for each other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def archive(self, name: str, inputs: Mapping[str, str], build: Callable[[Path], None]) -> Path:
        """The archive made from these inputs: from the cache, or made now by `build(path)` and checked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        stored = self._folder / f"{name}-{_key(inputs)}.zip"
        with self._locked(name):
            if stored.is_file():
                stored.touch()
                return stored
            with _partial(stored) as partial:
                build(partial)
                check_archive(partial)
            self._forget_old(name)
        return stored

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self._folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _forget_old(self, name: str) -> None:
        archives = sorted(self._folder.glob(f"{name}-*.zip"), key=lambda path: path.stat().st_mtime)
        for path in archives[:-_KEPT]:
            path.unlink()


def place(archive: Path, target: Path) -> None:
    """Put a copy of a cached archive where it is wanted, unless it lies there already."""
    if target.is_file() and sha256(target) == sha256(archive):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with _partial(target) as partial:
        shutil.copyfile(archive, partial)


def builder_version() -> str:
    """Digest of this package's sources and of the zlib in use: what decides the bytes besides the inputs."""
    digest = hashlib.sha256(zlib.ZLIB_RUNTIME_VERSION.encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(inputs: Mapping[str, str]) -> str:
    lines = "".join(f"{name}={value}\n" for name, value in sorted(inputs.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:24]


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A file beside the target that becomes it only when all went well."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        partial.chmod(0o644)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
