"""Zip archives that are the same bytes whenever and wherever they are built from the same files.

Sorted, dated, with normal permissions and no extra fields. Equal bytes need an equal zlib, too, so its
version belongs to the cache's key. Measured on libonnxruntime (29.4 MB): deflate level 6 gives 11.17 MB,
level 9 11.13 MB for 1.4 s more; zopfli saves another 2.6 % for half a minute and is not used.
"""

from __future__ import annotations

import os
import stat
import zipfile
from hashlib import sha256
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Zip's earliest date. Our .pyc are hash-unchecked, so nothing ever compares it with a source's.
EPOCH = (1980, 1, 1, 0, 0, 0)
MODES = frozenset({0o644, 0o755})
_UNIX = 3
_LEVEL = 9


def write_archive(target: Path, files: Mapping[str, Path]) -> None:
    """Write the files under their archive names, sorted, with normal permissions, in one step."""
    partial = target.with_name(target.name + ".partial")
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(partial, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = (stat.S_IFREG | _mode(files[name])) << 16
            # The level must be said here: an entry of its own does not take the archive's.
            archive.writestr(entry, files[name].read_bytes(), zipfile.ZIP_DEFLATED, _LEVEL)
    partial.replace(target)


def check_archive(archive: Path) -> None:
    """Read an archive back; SettingsError when it is not as `write_archive` promises."""
    with zipfile.ZipFile(archive) as opened:
        broken = opened.testzip()
        entries = opened.infolist()
    if broken:
        raise SettingsError(f"{broken} does not have the checksum it was written with", where=archive.name)
    names = [entry.filename for entry in entries]
    if names != sorted(set(names)):
        raise SettingsError("its entries are not sorted and unique", where=archive.name)
    for entry in entries:
        _check_entry(entry, archive.name)


def files_below(folder: Path) -> dict[str, Path]:
    """Every file below a folder by its archive name; SettingsError when there is a link or device."""
    return {path.relative_to(folder).as_posix(): path for path in _walk(folder)}


def digest_of(path: Path) -> str:
    """sha256 of a file in hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(path)
            elif entry.is_file(follow_symlinks=False):
                yield path
            else:
                raise SettingsError("is a link or a device; an artifact holds plain files", where=str(path))


def _check_entry(entry: zipfile.ZipInfo, where: str) -> None:
    parts = entry.filename.split("/")
    if not entry.filename.isprintable() or any(part in ("", ".", "..") for part in parts):
        raise SettingsError(f"{entry.filename!r:.100} is not a plain relative path", where=where)
    mode = entry.external_attr >> 16
    plain = stat.S_ISREG(mode) and stat.S_IMODE(mode) in MODES and entry.create_system == _UNIX
    if not plain or entry.date_time != EPOCH or entry.extra:
        raise SettingsError(f"{entry.filename} has a date, mode or extra field of its own", where=where)


def _mode(path: Path) -> int:
    return 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
