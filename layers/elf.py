"""Takes off a shared library what only debuggers read: uvloop's wheel has 14 of its 16 MB for them.

The loader reads program headers and what lies in their segments. Sections and their table come after the last segment
that is loaded, so the file is cut there, whichever machine it is for; `strip` knows its own machine's files only.
https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, ch5.pheader.html
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

_ELF_64_LITTLE = b"\x7fELF\x02\x01"
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")  # Elf64_Ehdr
_SEGMENT = struct.Struct("<IIQQQQQQ")  # Elf64_Phdr


def cut(content: bytes) -> bytes:
    """The library without sections; SettingsError when it is none for a 64-bit little-endian machine."""
    if not content.startswith(_ELF_64_LITTLE) or len(content) < _HEADER.size:
        raise SettingsError("is no shared library of a 64-bit little-endian machine", where="ELF header")
    fields = list(_HEADER.unpack_from(content))
    at, size, count = fields[5], fields[9], fields[10]
    segments = [_SEGMENT.unpack_from(content, at + number * size) for number in range(count)]
    end = max([at + count * size, *(offset + held for _, _, offset, _, _, held, _, _ in segments)])
    if end > len(content):
        raise SettingsError("has segments beyond its end", where="ELF header")
    fields[6] = fields[11] = fields[12] = fields[13] = 0  # no section table, no entries, no names
    return _HEADER.pack(*fields) + content[_HEADER.size : end]


def cut_below(folder: Path) -> None:
    """The same for every library of Python's below a folder."""
    for path in sorted(folder.rglob("*.so")):
        path.write_bytes(cut(path.read_bytes()))
