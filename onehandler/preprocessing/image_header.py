"""What the header of a PNG, JPEG or WebP file says of its size, read before anything is decoded.

PNG: https://www.w3.org/TR/png-3 · JPEG: ITU-T T.81, annex B · WebP: RFC 9649
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 - an exception's name is a class's
from struct import unpack_from
from typing import TYPE_CHECKING

from onehandler.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG, JPEG, WEBP = "PNG", "JPEG", "WebP"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_MOST_PARTS = 4096  # before the pixels: chunks of a PNG, segments of a JPEG
# Every start of frame; 0xC4, 0xC8 and 0xCC among them are something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_ANIMATED = 0x02  # in the flags of an extended WebP


@dataclass(frozen=True, slots=True)
class Header:
    """A file's format, its size in pixels as it is stored, and whether there are several pictures in it."""

    format: str
    width: int
    height: int
    animated: bool = False


def header_of(data: bytes, where: str) -> Header:
    """Read the header; InvalidInput for any other kind of file, and for one whose header is cut off or wrong."""
    try:
        found = _read(data)
    except (StructError, IndexError):
        found = None
    if found is None:
        raise InvalidInput("is no PNG, JPEG or WebP image, or one whose header is cut off", where=where)
    if not found.width or not found.height:
        raise InvalidInput(f"is a {found.format} of {found.width} x {found.height} pixels", where=where)
    return found


def _read(data: bytes) -> Header | None:
    if data.startswith(_PNG_MAGIC):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def _png(data: bytes) -> Header | None:
    length, kind, width, height = unpack_from(">I4sII", data, 8)
    if (length, kind) != (13, b"IHDR"):
        return None
    kinds = list(_chunks(data))
    return Header(PNG, width, height, b"acTL" in kinds) if b"IDAT" in kinds else None


def _chunks(data: bytes) -> Iterator[bytes]:
    """The kinds of a PNG's chunks up to the first that holds pixels."""
    place = len(_PNG_MAGIC)
    for _ in range(_MOST_PARTS):
        length, kind = unpack_from(">I4s", data, place)
        yield kind
        if kind == b"IDAT":
            return
        place += length + 12


def _jpeg(data: bytes) -> Header | None:
    place = 2
    for _ in range(_MOST_PARTS):
        if data[place] != 0xFF:
            return None
        while data[place] == 0xFF:
            place += 1
        marker = data[place]
        place += 1
        if marker in _FRAMES:
            height, width = unpack_from(">HH", data, place + 3)
            return Header(JPEG, width, height)
        if marker not in _STANDALONE:
            place += max(2, unpack_from(">H", data, place)[0])
    return None


def _webp(data: bytes) -> Header | None:
    kind = data[12:16]
    if kind == b"VP8X":
        flags = data[20]
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        return Header(WEBP, width, height, bool(flags & _ANIMATED)) if len(data) >= 30 else None
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = unpack_from("<I", data, 21)[0]
        return Header(WEBP, 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = unpack_from("<HH", data, 26)
        return Header(WEBP, width & 0x3FFF, height & 0x3FFF)
    return None
