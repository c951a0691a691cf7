"""Archives made by hand, member by member, header by header."""

from __future__ import annotations

import gzip
import tarfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = "") -> Member:
    """One member; a link's `target` is where it leads."""
    entry = tarfile.TarInfo(name)
    entry.type = kind
    entry.linkname = target
    entry.size = len(content)
    return entry, content


def members_of(folder: str) -> list[Member]:
    """A bundle folder's files as members, manifest first."""
    paths = sorted(Path(folder).iterdir(), key=lambda path: (path.name != "bundle.json", path.name))
    return [member(path.name, path.read_bytes()) for path in paths]


def tar(members: Sequence[Member], headers: dict[str, str] | None = None) -> bytes:
    """An uncompressed archive; `headers` hold for all its members."""
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT, pax_headers=headers) as opened:
        for entry, data in members:
            opened.addfile(entry, BytesIO(data))
    return content.getvalue()


def write(path: Path, content: bytes) -> Path:
    """Compress."""
    path.write_bytes(gzip.compress(content, 1))
    return path


def lying(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header that announces a size, with nothing behind it. Negative sizes are base-256 numbers."""
    entry = tarfile.TarInfo(name)
    entry.type = kind
    header = bytearray(entry.tobuf(tarfile.GNU_FORMAT))
    field = b"%011o\0" % size if 0 <= size < 8**11 else size.to_bytes(12, "big", signed=True)
    header[124:136] = field if size < 0 else (field if size < 8**11 else bytes([0x80 | field[0]]) + field[1:])
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)
