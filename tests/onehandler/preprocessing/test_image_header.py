"""Sizes from headers alone: what Pillow says of the same file, and nothing but our errors for any bytes."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from onehandler.errors import InvalidInput
from onehandler.preprocessing.image_header import Header, header_of
from tests.prepared import encoded, plain

FORMS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP"}


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (640, 7), (16383, 2)], ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_the_size_is_pillows(form: str, size: tuple[int, int]) -> None:
    for options in ({}, {"lossless": True}, {"progressive": True}, {"exif": b"Exif\0\0II*\0\x08" + bytes(9)}):
        data = encoded(plain(size=size), form, **options)
        assert header_of(data, "") == Header(FORMS[form], *size)
        with Image.open(BytesIO(data)) as image:
            assert image.size == size


def test_alpha_makes_webp_extended() -> None:
    data = encoded(Image.new("RGBA", (33, 44), (1, 2, 3, 4)), "WEBP")
    assert data[12:16] == b"VP8X"
    assert header_of(data, "") == Header("WebP", 33, 44)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_several_pictures_are_told(form: str) -> None:
    frames = [plain(colour) for colour in ((1, 2, 3), (200, 100, 0))]
    data = encoded(frames[0], form, save_all=True, append_images=frames[1:])
    assert header_of(data, "").animated


def test_thumbnails_within_a_jpeg_are_not_its_size() -> None:
    thumbnail = encoded(plain(size=(2, 2)), "JPEG")
    data = encoded(plain(size=(50, 40)), "JPEG", exif=b"Exif\0\0" + thumbnail, comment=thumbnail)
    assert header_of(data, "") == Header("JPEG", 50, 40)


@given(
    st.binary(max_size=80)
    | st.builds(
        bytes.__add__,
        st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF0000WEBPVP8X"]),
        st.binary(),
    )
)
def test_nothing_else_is_raised(data: bytes) -> None:
    try:
        assert header_of(data, "here").width > 0
    except InvalidInput:
        return


@pytest.mark.parametrize("form", FORMS)
def test_a_header_that_is_cut_off_is_refused(form: str) -> None:
    data = encoded(plain(), form)
    found = set()
    for length in range(len(data)):
        try:
            found.add(header_of(data[:length], ""))
        except InvalidInput:
            continue
    assert found <= {Header(FORMS[form], 8, 6)}
