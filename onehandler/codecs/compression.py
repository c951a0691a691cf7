"""Content codings of request bodies: gzip and deflate, decompressed up to a limit and not a byte further."""

from __future__ import annotations

from onehandler.errors import MalformedBody, TooLarge, UnsupportedType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_GZIP = 31  # zlib's wbits for a gzip header
_ZLIB = 15
_RAW = -15  # some clients send deflate without the zlib header that RFC 9110 asks for
_WBITS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_MEGABYTE = 1024 * 1024


def decoded(body: bytes, coding: str, limit: int) -> bytes:
    """Undo a Content-Encoding header's value; TooLarge when body or result has over `limit` bytes."""
    name = coding.strip().lower()
    if len(body) > limit:
        raise _too_large(limit)
    if name in ("", "identity"):
        return body
    wbits = _WBITS.get(name)
    if wbits is None:
        raise UnsupportedType("takes gzip, deflate or identity", where="content-encoding")
    if wbits == _ZLIB and body[:1] and body[0] & 15 != 8:
        wbits = _RAW
    return _inflated(body, name, wbits, limit)


def _inflated(body: bytes, name: str, wbits: int, limit: int) -> bytes:
    """Every member of a stream after another (gzip allows several)."""
    import zlib  # most requests aren't compressed

    parts = []
    size = 0
    while body:
        stream: Any = zlib.decompressobj(wbits)
        try:
            part = stream.decompress(body, limit + 1 - size)
        except zlib.error:
            raise MalformedBody(f"is not {name}", where="body") from None
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        if not stream.eof:
            raise MalformedBody(f"ends in the middle of the {name} stream", where="body")
        parts.append(part)
        body = stream.unused_data if wbits == _GZIP else b""
    return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"has more than {limit // _MEGABYTE} MB, decompressed; send less at once", where="body")
