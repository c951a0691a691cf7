"""Images and texts as whole bodies, through the bundle's declared preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.message import Request
from tests.fuzz.world import answered, handler
from tests.prepared import encoded, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = (("photo", "image/png"), ("photo", "image/jpeg"), ("photo", "image/webp"), ("review", "text/plain"))
# An orientation of 6: turned by a quarter.
_TURNED = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"


def fuzz(data: bytes) -> None:
    """The first byte says which."""
    if data:
        name, media = _KINDS[data[0] % len(_KINDS)]
        answered(handler(name), Request("POST", "/predict", {"content-type": media}, data[1:]))


def seeds() -> Iterator[bytes]:
    for index, form in enumerate(("PNG", "JPEG", "WEBP")):
        for mode in ("RGB", "L", "RGBA", "P"):
            if mode in ("RGB", "L") or form == "PNG":
                colour = {"RGB": (200, 100, 50), "RGBA": (200, 100, 50, 9)}.get(mode, 7)
                yield bytes([index]) + encoded(plain(colour, mode=mode), form)
        yield bytes([index]) + encoded(plain(), form, exif=_TURNED)
    yield b"\3good film"
    yield b"\3" + "Łódź is bad".encode()
