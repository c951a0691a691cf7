"""Unpacks a zip archive as Lambda does: permission bits, modification times and links are kept."""

from __future__ import annotations

import io
import os
import shutil
import stat
import struct
import time
import zipfile
from pathlib import Path

from local_emulator.aws.execution.errors import InvalidArchive

_WRITE_BITS = 0o222
_EXTENDED_TIMESTAMP = 0x5455
_BLOCK = 1 << 20
_UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."


def unzipped_size(data: bytes) -> int:
    """Sum the sizes of an archive's files in bytes. Raises InvalidArchive."""
    with _opened(data) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def unpack(data: bytes, folder: Path) -> None:
    """Unpack into `folder`, over what is there: a later entry wins. Raises InvalidArchive.

    Nothing gets out of the folder: entries that climb or are absolute, links that point out, and entries that
    go through such a link are refused.
    """
    root = folder.resolve()
    with _opened(data) as archive:
        for entry in archive.infolist():
            _unpack_entry(archive, entry, root)


def make_read_only(folder: Path) -> None:
    """Take the permission to write from every folder; files never had it."""
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o555)


def _opened(data: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise InvalidArchive(_UNREADABLE) from error


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, root: Path) -> None:
    path = _inside(root, entry.filename)
    mode = entry.external_attr >> 16
    if entry.is_dir():
        _make_folder(path, root)
        return
    _make_folder(path.parent, root)
    _make_way(path)
    if stat.S_ISLNK(mode):
        _link(path, _read(archive, entry).decode("utf-8", "surrogateescape"), root, entry.filename)
        return
    _write(archive, entry, path)
    path.chmod((stat.S_IMODE(mode) & 0o777 or 0o644) & ~_WRITE_BITS)
    modified = _modified(entry)
    os.utime(path, (modified, modified))


def _inside(root: Path, name: str) -> Path:
    parts = name.replace("\\", "/").split("/")
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise InvalidArchive(
            f"zip entry {name!r} points out of the archive; entries are relative paths without '..'"
        )
    path = root.joinpath(*(part for part in name.split("/") if part not in ("", ".")))
    if path == root and not name.endswith("/"):
        raise InvalidArchive(f"zip entry {name!r} has no name")
    return path


def _make_folder(path: Path, root: Path) -> None:
    """Make a folder and those above it; a file in the way gives place, a link must lead to a folder inside."""
    if not path.resolve().is_relative_to(root):
        raise InvalidArchive(
            f"zip entry under {path.relative_to(root)} goes through a link out of the archive"
        )
    for step in (*reversed(path.relative_to(root).parents), path.relative_to(root)):
        folder = root / step
        if not folder.is_dir():
            folder.unlink(missing_ok=True)
            folder.mkdir()


def _make_way(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _link(path: Path, target: str, root: Path, name: str) -> None:
    if os.path.isabs(target) or not (path.parent / target).resolve().is_relative_to(root):  # noqa: PTH117
        raise InvalidArchive(
            f"zip entry {name!r} is a link out of the archive, to {target!r}; links stay inside"
        )
    path.symlink_to(target)


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        return archive.read(entry)
    except (
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
    ) as error:  # damaged, encrypted, unknown method
        raise InvalidArchive(f"{_UNREADABLE} ({entry.filename}: {error})") from error


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    try:
        with archive.open(entry) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, _BLOCK)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise InvalidArchive(f"{_UNREADABLE} ({entry.filename}: {error})") from error


def _modified(entry: zipfile.ZipInfo) -> float:
    """The modification time that the archive's maker saw: .pyc files are valid for no other."""
    extra = entry.extra
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _EXTENDED_TIMESTAMP and size >= 5 and extra[4] & 1:
            return float(struct.unpack_from("<i", extra, 5)[0])
        extra = extra[4 + size :]
    # Zip keeps local time, in steps of two seconds, and doesn't say where it was local.
    return time.mktime((*entry.date_time, 0, 0, -1))
