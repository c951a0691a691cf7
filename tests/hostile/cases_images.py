"""Images and texts that lie about their size, are cut off, are something else, or would fill the memory."""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from typing import Any

from PIL import Image

from tests.conformance.case import Case, post
from tests.conformance.cases_scoring import FORM, form, invoke, torch, vertex
from tests.hostile.raw_bodies import MARKER
from tests.prepared import base64_of, encoded, plain

_M = MARKER.encode()
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 0, pixels: bytes = b""
) -> bytes:
    """A PNG that says it has this size, with what follows its header."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return _SIGNATURE + head + b"".join(chunks) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


def _webp(kind: bytes, data: bytes) -> bytes:
    body = b"WEBP" + kind + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _frames(form_: str) -> bytes:
    frames = [plain(colour) for colour in ((1, 2, 3), (200, 100, 0), (9, 99, 9))]
    return encoded(frames[0], form_, save_all=True, append_images=frames[1:])


_PNG, _JPEG = encoded(plain()), encoded(plain(), "JPEG")
_WEBP, _LOSSLESS = encoded(plain(), "WEBP"), encoded(plain(), "WEBP", lossless=True)
_NOISE = encoded(Image.effect_noise((64, 64), 90), "PNG")
_BLANK = zlib.compress(b"\0" * 20_000_000)
_BOMB = (
    _SIGNATURE
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", _BLANK)
)
_FRAME = _JPEG.index(b"\xff\xc0")

# (id, file, status of the native protocol); 422 where it cannot be read, 413 where it is too large.
_FILES: list[tuple[str, bytes, int]] = [
    ("empty", b"", 400),
    ("word", _M, 400),
    ("html", b"<html>" + _M, 400),
    ("svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400),
    ("gif", encoded(plain(), "GIF"), 400),
    ("bmp", encoded(plain(), "BMP"), 400),
    ("tiff", encoded(plain(), "TIFF"), 400),
    ("ico", encoded(plain(size=(16, 16)), "ICO"), 400),
    ("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n" + _M, 400),
    ("pdf", b"%PDF-1.7\n" + _M, 400),
    ("zip", b"PK\x03\x04" + _M, 400),
    ("pickle", b"\x80\x04.", 400),
    ("riff-wave", b"RIFF\x24\x00\x00\x00WAVEfmt " + _M, 400),
    ("webp-magic-late", _M + _WEBP, 400),
    ("polyglot-gif-before-png", b"GIF89a" + _PNG, 400),
    ("polyglot-zip-before-png", b"PK\x03\x04" + _PNG, 400),
    ("polyglot-html-before-jpeg", b"<script>" + _JPEG, 400),
    ("png-magic-alone", _SIGNATURE, 422),
    ("png-magic-damaged", _PNG.replace(b"\r\n", b"\n", 1), 400),
    ("png-header-cut-off", _PNG[:20], 422),
    ("png-without-pixels", _SIGNATURE + _PNG[8:33] + chunk(b"IEND", b""), 422),
    ("png-pixels-cut-off", _NOISE[:-400], 422),
    ("png-pixels-missing", png(8, 8), 422),
    ("png-pixels-not-zlib", _SIGNATURE + _PNG[8:33] + chunk(b"IDAT", _M) + chunk(b"IEND", b""), 422),
    ("png-checksum-wrong", _PNG[:29] + b"\0\0\0\0" + _PNG[33:], 422),
    ("png-width-0", png(0, 8), 422),
    ("png-height-0", png(8, 0), 422),
    ("png-depth-of-3", png(8, 8, depth=3), 422),
    ("png-colour-of-9", png(8, 8, colour=9), 422),
    ("png-header-long", _SIGNATURE + chunk(b"IHDR", b"\0" * 500) + _PNG[33:], 422),
    ("png-header-second", _SIGNATURE + chunk(b"tEXt", b"a\0b") + _PNG[8:], 422),
    ("png-many-chunks", png(8, 8, *[chunk(b"tEXt", b"a\0" + _M)] * 5000), 422),
    ("png-text-bomb", png(8, 8, *[chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 4_000_000))] * 30), 422),
    ("png-profile-bomb", png(8, 8, chunk(b"iCCP", b"a\0\0" + _BLANK)), 422),
    ("png-animated", _frames("PNG"), 422),
    ("png-10^9-pixels", png(40_000, 40_000), 413),
    ("png-2^31-wide", png(2**31 - 1, 1), 413),
    ("png-2^32-pixels", png(2**32 - 1, 2**32 - 1), 413),
    ("png-bomb", _BOMB, 413),
    ("png-one-line-too-many", png(8_000, 4_001), 413),
    ("jpeg-magic-alone", b"\xff\xd8\xff", 422),
    ("jpeg-header-cut-off", _JPEG[:_FRAME], 422),
    ("jpeg-frame-cut-off", _JPEG[: _FRAME + 6], 422),
    ("jpeg-pixels-cut-off", _JPEG[:-20], 422),
    ("jpeg-without-pixels", _JPEG[: _JPEG.index(b"\xff\xda")], 422),
    ("jpeg-size-0", _JPEG[: _FRAME + 5] + b"\0\0\0\0" + _JPEG[_FRAME + 9 :], 422),
    ("jpeg-65535-squared", _JPEG[: _FRAME + 5] + b"\xff\xff\xff\xff" + _JPEG[_FRAME + 9 :], 413),
    ("jpeg-segments-without-end", b"\xff\xd8" + b"\xff\xe1\x00\x02" * 10_000, 422),
    ("jpeg-fill-without-end", b"\xff\xd8" + b"\xff" * 100_000, 422),
    ("jpeg-components-9", _JPEG[: _FRAME + 9] + b"\x09" + _JPEG[_FRAME + 10 :], 422),
    ("webp-magic-alone", b"RIFF\x00\x00\x00\x00WEBP", 422),
    ("webp-cut-off", _WEBP[:-10], 422),
    ("webp-lossless-cut-off", _LOSSLESS[:-6], 422),
    ("webp-header-cut-off", _WEBP[:24], 422),
    ("webp-kind-unknown", _webp(b"VP9 ", _M), 422),
    ("webp-start-code-wrong", _webp(b"VP8 ", b"\0" * 40), 422),
    ("webp-lossless-garbage", _webp(b"VP8L", b"\x2f" + b"\0" * 40), 422),
    ("webp-16383-squared", _webp(b"VP8 ", b"\x30\x01\x00\x9d\x01\x2a\xff\x3f\xff\x3f" + b"\0" * 40), 413),
    ("webp-canvas-2^24-squared", _webp(b"VP8X", b"\0\0\0\0" + b"\xff" * 6 + b"\0" * 40), 413),
    ("webp-animated", _frames("WEBP"), 422),
]  # fmt: skip

# Base64 within JSON: (id, rows, status of the native protocol).
_ROWS: list[tuple[str, Any, int]] = [
    ("not-base64", ["!!!" + MARKER], 422),
    ("cut-off", [base64_of(_PNG)[:-1]], 422),
    ("spaces", [base64_of(_PNG)[:8] + " " + base64_of(_PNG)[8:]], 422),
    ("url-alphabet", ["iVBOR-_-"], 422),
    ("data-url", ["data:image/png;base64," + base64_of(_PNG)], 422),
    ("address", ["http://127.0.0.1/" + MARKER], 422),
    ("path", ["/etc/passwd"], 422),
    ("empty", [""], 422),
    ("text", [base64_of(_M)], 422),
    ("number", [5], 422),
    ("pixels", [[[0, 0], [0, 0]]], 422),
    ("null", [None], 422),
    ("object", [{"b64": base64_of(_PNG)}], 422),
    ("unknown-name", [{MARKER: base64_of(_PNG)}], 422),
    ("second-wrong", [base64_of(_PNG), base64_of(_PNG[:-30])], 422),
    ("second-bomb", [base64_of(_PNG), base64_of(_BOMB)], 413),
    ("five-of-31-million-pixels", [base64_of(png(5_600, 5_600))] * 5, 413),
]  # fmt: skip

_LONG = "a" * 100_001


def media_of(data: bytes) -> str:
    """The type that a client would send such a file as."""
    return "image/jpeg" if data[:2] == b"\xff\xd8" else "image/webp" if data[:4] == b"RIFF" else "image/png"


CASES: list[Case] = [
    *(post(f"image-{name}", data, status, "photo", content_type=media_of(data)) for name, data, status in _FILES),
    *(
        # Whatever is wrong with the input is 400 to MLflow's and SageMaker's clients.
        invoke(f"image-{name}", data, 413 if status == 413 else 400, "photo", content_type="application/x-image")
        for name, data, status in _FILES
    ),
    *(post(f"image-rows-{name}", {"rows": rows}, status, "photo") for name, rows, status in _ROWS),
    post("image-type-of-another", _JPEG, 400, "photo", content_type="image/png"),
    post("image-type-svg", b"<svg/>", 415, "photo", content_type="image/svg+xml"),
    post("image-type-tiff", _M, 415, "photo", content_type="image/tiff"),
    post("image-type-marker", _PNG, 415, "photo", content_type=f"image/{MARKER}"),
    post("image-as-octets", _PNG, 422, "photo", content_type="application/octet-stream"),
    post("image-gzip-bomb", gzip.compress(_SIGNATURE + b"\0" * 3_000_000), 413, "photo",
         content_type="image/png", content_encoding="gzip"),
    post("image-prepared-tensor", {"inputs": {"pixels": [[[[0.0] * 4] * 4] * 3]}}, 422, "photo"),
    post("image-infer-word", {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [MARKER]}]},
         400, "photo", "/v2/models/photo/infer"),
    post("image-tf-word", {"instances": [MARKER]}, 400, "photo", "/v1/models/photo:predict"),
    torch("image-form-cut-off", form(("data", "image/png", _PNG))[:-30], 400, "photo", content_type=FORM),
    torch("image-form-word", form(("data", "image/png", _M)), 400, "photo", content_type=FORM),
    torch("image-file-word", _M, 400, "photo", content_type="application/octet-stream"),
    vertex("image-b64-word", {"instances": [{"b64": MARKER}]}, 400, "photo"),
    vertex("image-b64-number", {"instances": [{"b64": 5}]}, 400, "photo"),
    post("text-too-long", _LONG, 413, "review", content_type="text/plain"),
    post("text-too-long-second", {"rows": ["good", _LONG]}, 413, "review"),
    post("text-not-utf-8", b"\xff\xfe" + _M, 400, "review", content_type="text/plain"),
    post("text-charset", _M, 415, "review", content_type=f"text/plain; charset={MARKER}"),
    post("text-number", {"rows": [5]}, 422, "review"),
    post("text-null", {"rows": [None]}, 422, "review"),
    post("text-array", {"rows": [[MARKER]]}, 422, "review"),
    post("text-surrogate", b'{"rows":["\\ud83d"]}', 400, "review"),
    post("text-token-ids", {"inputs": {"input_ids": [[1, 2]], "attention_mask": [[1, 1]]}}, 422, "review"),
    post("text-html", "<b>", 415, "review", content_type="text/html"),
    post("text-bomb", gzip.compress(b"a " * 2_000_000), 413, "review",
         content_type="text/plain", content_encoding="gzip"),
    post("text-json-lines", json.dumps("good"), 415, "review", content_type="application/jsonlines"),
]  # fmt: skip
