"""Zip archives that are the same bytes whenever and wherever they are built from the same files."""

from __future__ import annotations

import stat
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Zip's earliest date. Our .pyc are hash-unchecked, so nothing ever compares it with a source's.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_archive(target: Path, files: Mapping[str, Path]) -> None:
    """Write the files under their archive names, sorted, with normal permissions, in one step."""
    partial = target.with_name(target.name + ".partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (stat.S_IFREG | _mode(files[name])) << 16
            archive.writestr(entry, files[name].read_bytes())
    partial.replace(target)


def files_below(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Every file below a folder by its archive name."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {prefix + path.relative_to(folder).as_posix(): path for path in found}


def digest_of(path: Path) -> str:
    """sha256 of a file in hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
