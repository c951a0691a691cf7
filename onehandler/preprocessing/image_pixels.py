"""A file of an image to its pixels, the right way up, as "RGB" or "L" with 8 bits a channel.

16-bit channels keep their upper 8 bits, palettes become their colours, CMYK is converted without a colour profile,
colours become grey by ITU-R 601-2, grey ones the same in every channel, and an alpha channel is left away: all as
Pillow's `convert` does it, with which most models have been trained.
"""

from __future__ import annotations

from array import array
from importlib import import_module
from io import BytesIO
from struct import error as StructError  # noqa: N812 - an exception's name is a class's
from struct import unpack_from
from typing import TYPE_CHECKING, Any
from warnings import filterwarnings

from onehandler.errors import InvalidInput
from onehandler.preprocessing.image_header import JPEG, PNG, WEBP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from onehandler.preprocessing.image_header import Header

# Each format's own class: Image.open would import the plugins of forty, and guess.
_DECODERS = {
    PNG: ("PIL.PngImagePlugin", "PngImageFile"),
    JPEG: ("PIL.JpegImagePlugin", "JpegImageFile"),
    WEBP: ("PIL.WebPImagePlugin", "WebPImageFile"),
}
_BILINEAR: Any = 2  # PIL.Image.Resampling.BILINEAR
_ORIENTATION = 0x0112
_MOST_TAGS = 512
# EXIF's orientation → what turns the picture upright, by the names of PIL.Image.Transpose.
_TURNS = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE",
    6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90",
}  # fmt: skip


def pixels_of(data: bytes, header: Header, mode: str, where: str) -> Image.Image:
    """Decode; InvalidInput when the file isn't what its header says."""
    module, name = _DECODERS[header.format]
    # By name: image.step has seen that Pillow is there, in a layer that not every deployment has. 30 to 100 ms.
    decoder: Any = getattr(import_module(module), name)
    # Pillow warns of damaged metadata, which are nobody's concern here, among the log's lines.
    filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    try:
        with decoder(BytesIO(data)) as image:
            # One that reads another header than ours does isn't let loose.
            if image.size == (header.width, header.height) and getattr(image, "n_frames", 1) == 1:
                image.load()
                return _upright(_converted(image, mode), image.info.get("exif", b""))
    except Exception:  # noqa: BLE001, S110 - decoders raise whatever their parsers meet: a dozen kinds
        pass
    raise InvalidInput(f"is a {header.format} that cannot be decoded: damaged or cut off", where=where)


def fitted(image: Image.Image, size: tuple[int, int], fit: str) -> Image.Image:
    """The image as high and wide as `size` says, by one of the ways of image.py."""
    height, width = size
    if fit == "crop":
        return image.resize((width, height), _BILINEAR, box=_middle(image, width / height))
    if fit == "resize":
        return image.resize((width, height), _BILINEAR)
    factor = min(width / image.width, height / image.height)
    inner = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    framed: Image.Image = _pillow().new(image.mode, (width, height))
    framed.paste(image.resize(inner, _BILINEAR), ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return framed


def values_of(image: Image.Image, factors: Sequence[tuple[float, float]] | None, *, last: bool) -> bytes:
    """Every pixel as float32, multiplied and added to by channel; as uint8 without factors.

    Channels stand one after the other, or, with `last`, beside each other. Everything happens in C.
    """
    channels = image.split()
    if factors is None:
        return image.tobytes() if last else b"".join(channel.tobytes() for channel in channels)
    planes = [_scaled(channel, *pair) for channel, pair in zip(channels, factors, strict=True)]
    if not last:
        return b"".join(planes)
    values = array("f", bytes(sum(map(len, planes))))
    for number, plane in enumerate(planes):
        values[number :: len(planes)] = array("f", plane)
    return values.tobytes()


def _pillow() -> Any:
    return import_module("PIL.Image")  # imported by the decoder already


def _scaled(channel: Any, factor: float, added: float) -> bytes:
    # Pillow takes a linear function of a pixel to pieces, and computes it for each in C.
    plane: bytes = channel.convert("F").point(lambda value: value * factor + added).tobytes()
    return plane


def _middle(image: Image.Image, proportion: float) -> tuple[float, float, float, float]:
    """The largest part around the centre with this proportion of width to height."""
    width = min(image.width, image.height * proportion)
    height = min(image.height, width / proportion)
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return left, top, left + width, top + height


def _converted(image: Any, mode: str) -> Any:
    if image.mode.startswith("I;16") or image.mode == "I":
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")
    image.info.pop("transparency", None)
    return image.convert(mode)


def _upright(image: Any, exif: bytes) -> Image.Image:
    turn = _TURNS.get(orientation(exif))
    upright: Image.Image = image.transpose(_pillow().Transpose[turn]) if turn else image
    return upright


def orientation(exif: bytes) -> int:
    """The orientation that EXIF data tell, 1 when they tell none: it stands in the first directory (TIFF 6.0)."""
    tiff = exif.removeprefix(b"Exif\x00\x00")
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4], "")
    if not order:
        return 1
    try:
        start = unpack_from(f"{order}I", tiff, 4)[0]
        count = unpack_from(f"{order}H", tiff, start)[0]
        for number in range(min(count, _MOST_TAGS)):
            tag, kind, _, value = unpack_from(f"{order}HHIH", tiff, start + 2 + 12 * number)
            if (tag, kind) == (_ORIENTATION, 3):
                return int(value)
    except StructError:  # cut off
        return 1
    return 1
