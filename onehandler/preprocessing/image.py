"""Images in base64 to the tensor of pixels that a model takes.

{"kind": "image", "input": "image", "gives": "pixel_values", "mode": "RGB", "size": [224, 224], "fit": "resize",
 "layout": "NCHW", "scale": 0.00392156862745098, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}

`size` is height and width. `fit` says how an image of other proportions gets there: "resize" stretches it, "crop" takes
the largest part around its centre, "pad" leaves black at its sides. A value is (pixel · scale - mean) / std; without
them, and for uint8, the pixel itself from 0 to 255. Resizing is bilinear, over as many pixels as one replaces.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from importlib.util import find_spec
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

from onehandler.errors import BundleError, InvalidInput, TooLarge
from onehandler.preprocessing import MEMBER, members
from onehandler.preprocessing.image_header import header_of
from onehandler.signature import ANY
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Final

    from onehandler.bundle import Bundle
    from onehandler.preprocessing.image_header import Header
    from onehandler.signature import TensorSpec

MOST_PIXELS = 32_000_000  # of one image: 96 MB decoded
MOST_PIXELS_TOGETHER = 128_000_000  # of one request: a second of decoding
_RUN_BYTES = 64 * 1024 * 1024  # of prepared values in one run
_CHANNELS = {"RGB": 3, "L": 1}
_FITS = ("resize", "crop", "pad")
_LAYOUTS = ("NCHW", "NHWC")


def step(declared: Mapping[str, Any], inputs: Mapping[str, TensorSpec], _bundle: Bundle) -> ImageStep:
    """Read the declaration; see onehandler.preprocessing.Make."""
    number = (int, float)
    members(
        declared,
        MEMBER,
        gives=str,
        mode=str,
        size=list,
        fit=str,
        layout=str,
        scale=number,
        mean=list,
        std=list,
    )
    spec = inputs.get(declared.get("gives", ""))
    mode, fit = declared.get("mode", "RGB"), declared.get("fit", "resize")
    layout, size = declared.get("layout", "NCHW"), declared.get("size", [])
    if spec is None or mode not in _CHANNELS or fit not in _FITS or layout not in _LAYOUTS:
        raise BundleError(
            f"must give an input of the model; 'mode' is {', '.join(_CHANNELS)}, 'fit' {', '.join(_FITS)}, "
            f"'layout' {', '.join(_LAYOUTS)}",
            where=MEMBER,
        )
    if len(size) != 2 or not all(type(side) is int and 0 < side <= 8192 for side in size):
        raise BundleError("'size' must be height and width, from 1 to 8192", where=MEMBER)
    if find_spec("PIL") is None:
        raise BundleError(
            "images need the package 'Pillow': deploy with --param=\"image=true\", which adds its layer, or "
            "pip install 'onehandler[image]'",
            where=MEMBER,
        )
    return ImageStep(spec, mode, (size[0], size[1]), fit, layout, _factors(declared, mode, spec))


def _factors(declared: Mapping[str, Any], mode: str, spec: TensorSpec) -> list[tuple[float, float]]:
    """What every channel's values are multiplied by, and what is then added."""
    channels, scale = _CHANNELS[mode], declared.get("scale", 1)
    mean, std = declared.get("mean", [0] * channels), declared.get("std", [1] * channels)
    plain = all(type(each) in (int, float) and isfinite(each) for each in (scale, *mean, *std))
    if not plain or len(mean) != channels or len(std) != channels or 0 in std:
        raise BundleError(
            f"'mean' and 'std' must be {channels} numbers each, none of 'std' zero", where=MEMBER
        )
    factors = [(scale / deviation, -middle / deviation) for middle, deviation in zip(mean, std, strict=True)]
    if spec.dtype.name not in ("float32", "uint8") or (
        spec.dtype.name == "uint8" and set(factors) != {(1, 0)}
    ):
        raise BundleError("gives float32, or uint8 without scale, mean and std", where=MEMBER)
    return factors


class ImageStep:
    """Implements onehandler.preprocessing.Step."""

    def __init__(
        self,
        spec: TensorSpec,
        mode: str,
        size: tuple[int, int],
        fit: str,
        layout: str,
        factors: Sequence[tuple[float, float]],
    ) -> None:
        self.gives: Final = (spec.name,)
        self._spec: Final = spec
        self._mode: Final = mode
        self._size: Final = size
        self._fit: Final = fit
        self._last: Final = layout == "NHWC"  # where the channels stand
        self._factors: Final = factors
        channels = _CHANNELS[mode]
        shape: tuple[int, ...] = (*size, channels) if self._last else (channels, *size)
        if channels == 1 and len(spec.shape) == 3:
            shape = size
        if len(spec.shape) != len(shape) + 1 or any(
            want not in (ANY, got) for want, got in zip(spec.shape[1:], shape, strict=True)
        ):
            raise BundleError(
                f"gives [any, {', '.join(map(str, shape))}], '{spec.name}' takes {spec.shape_text}",
                where=MEMBER,
            )
        self._shape: Final = shape
        self.most_rows: Final = max(1, _RUN_BYTES // spec.dtype.nbytes(prod(shape)))

    def check(self, texts: Sequence[str]) -> None:
        """Refuse by their headers what isn't an image, and very many pixels."""
        together = 0
        for number, text in enumerate(texts):
            where = f"image {number}"
            header = _checked(_bytes(text, where), where)
            together += header.width * header.height
        if together > MOST_PIXELS_TOGETHER:
            raise TooLarge(
                f"have {together:,} pixels together, more than {MOST_PIXELS_TOGETHER:,}; send fewer",
                where="images",
            )

    def prepare(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """The pixels of every image, one after the other."""
        data = b"".join([self._values(text, f"image {number}") for number, text in enumerate(texts)])
        return {self._spec.name: Tensor(self._spec.dtype, (len(texts), *self._shape), data)}

    def _values(self, text: str, where: str) -> bytes:
        from onehandler.preprocessing.image_pixels import (
            fitted,
            pixels_of,
            values_of,
        )  # when the first image comes

        data = _bytes(text, where)
        image = fitted(pixels_of(data, _checked(data, where), self._mode, where), self._size, self._fit)
        if self._spec.dtype.name == "uint8":
            return values_of(image, None, last=self._last)
        return values_of(image, self._factors, last=self._last)


def _checked(data: bytes, where: str) -> Header:
    """The header of an image that may be decoded."""
    header = header_of(data, where)
    if header.animated:
        raise InvalidInput(f"is an animated {header.format}; send one picture", where=where)
    if header.width * header.height > MOST_PIXELS:
        raise TooLarge(
            f"has {header.width:,} x {header.height:,} pixels, more than {MOST_PIXELS:,}; send a smaller one",
            where=where,
        )
    return header


def _bytes(text: str, where: str) -> bytes:
    try:
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raise InvalidInput("is not base64 of an image file (RFC 4648, section 4)", where=where) from None
