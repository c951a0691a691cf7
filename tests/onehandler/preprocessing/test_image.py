"""Images as tensors: the values that numpy makes of Pillow's pixels, whatever the file, mode, fit and layout."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from onehandler.dtypes import dtype_named
from onehandler.errors import BundleError, InvalidInput, TooLarge
from onehandler.preprocessing import image as module
from onehandler.preprocessing.image_pixels import orientation
from onehandler.signature import TensorSpec
from tests import bundles
from tests.hostile.cases_images import png
from tests.prepared import base64_of, encoded

if TYPE_CHECKING:
    from onehandler.preprocessing.image import ImageStep

SIZE = (5, 7)  # height and width
SHAPES = {"NCHW": (-1, 3, *SIZE), "NHWC": (-1, *SIZE, 3)}
BUNDLE: Any = None  # a step for images reads nothing from it


def step_of(
    layout: str = "NCHW", dtype: str = "float32", shape: tuple[int, ...] = (), **members: Any
) -> ImageStep:
    spec = TensorSpec("pixels", dtype_named(dtype), shape or SHAPES.get(layout, SHAPES["NCHW"]))
    declared = {
        "kind": "image",
        "input": "image",
        "gives": "pixels",
        "size": list(SIZE),
        "layout": layout,
        **members,
    }
    return module.step(declared, {"pixels": spec}, BUNDLE)


def prepared(step: ImageStep, *files: bytes) -> Any:
    texts = [base64_of(data) for data in files]
    step.check(texts)
    return np.asarray(step.prepare(texts)["pixels"])


def photo(width: int = 40, height: int = 30, seed: int = 0) -> Image.Image:
    """Smooth colours, so that lossy formats keep them."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([across, down, (across + down + seed) / 3], -1).astype(np.uint8), "RGB")


MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.mark.parametrize("layout", SHAPES)
def test_values_are_scaled_and_normalised(layout: str) -> None:
    data = encoded(photo())
    found = prepared(step_of(layout, scale=1 / 255, mean=MEAN, std=STD), data, data)
    pixels = np.asarray(photo().resize(SIZE[::-1], Image.Resampling.BILINEAR), np.float64)
    expected = (pixels / 255 - MEAN) / STD
    if layout == "NCHW":
        expected = expected.transpose(2, 0, 1)
    assert found.shape == (2, *SHAPES[layout][1:])
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("layout", SHAPES)
def test_bytes_stay_as_they_are(layout: str) -> None:
    found = prepared(step_of(layout, "uint8"), encoded(photo()))[0]
    pixels = np.asarray(photo().resize(SIZE[::-1], Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(found, pixels.transpose(2, 0, 1) if layout == "NCHW" else pixels)


@pytest.mark.parametrize("shape", [(-1, 1, *SIZE), (-1, *SIZE)], ids=str)
def test_grey(shape: tuple[int, ...]) -> None:
    found = prepared(step_of(mode="L", shape=shape), encoded(photo()))
    expected = np.asarray(photo().convert("L").resize(SIZE[::-1], Image.Resampling.BILINEAR), np.float32)
    np.testing.assert_array_equal(found.reshape(SIZE), expected)


def test_a_crop_is_the_middle_and_a_pad_is_black() -> None:
    wide = photo(70, 25)
    cropped = prepared(step_of("NHWC", fit="crop"), encoded(wide))[0]
    middle = ImageOps.fit(wide, SIZE[::-1], Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(cropped, np.asarray(middle, np.float32))
    padded = prepared(step_of("NHWC", fit="pad"), encoded(Image.new("RGB", (70, 25), (9, 9, 9))))[0]
    assert padded[0].max() == padded[-1].max() == 0  # 7 by 2.5 pixels, in 5 lines
    assert padded[2].min() == 9


def test_damaged_metadata_are_passed_over() -> None:
    data = encoded(photo(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert prepared(step_of("NHWC"), data).shape == (1, *SIZE, 3)


def sixteen_bits() -> bytes:
    return encoded(Image.fromarray(np.full((3, 4), 0xABCD, np.uint16)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (encoded(Image.new("L", (3, 4), 77)), (77, 77, 77)),
        (encoded(Image.new("1", (3, 4), 1)), (255, 255, 255)),
        (encoded(Image.new("LA", (3, 4), (50, 0))), (50, 50, 50)),
        (encoded(Image.new("RGBA", (3, 4), (1, 2, 3, 0))), (1, 2, 3)),
        (encoded(Image.new("RGBA", (3, 4), (1, 2, 3, 0)), "WEBP", lossless=True, exact=True), (1, 2, 3)),
        (sixteen_bits(), (0xAB, 0xAB, 0xAB)),
        (encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100), (254, 0, 0)),
    ],
    ids=["grey", "bits", "grey-alpha", "alpha", "webp-alpha", "16-bit", "cmyk"],
)
def test_every_mode_has_its_meaning(data: bytes, expected: tuple[int, ...]) -> None:
    found = prepared(step_of("NHWC"), data)[0, 0, 0]
    np.testing.assert_allclose(found, expected, atol=2)


def test_palettes_with_a_transparent_colour() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    for options in ({}, {"transparency": 1}, {"transparency": b"\x80\x00"}):
        assert prepared(step_of("NHWC"), encoded(image, **options))[0, 0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_the_orientation_that_exif_tells_is_honoured(form: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(photo(), form, exif=exif, **({"lossless": True} if form == "WEBP" else {}))
    upright = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    expected = np.asarray(upright.resize(SIZE[::-1], Image.Resampling.BILINEAR), np.float32)
    np.testing.assert_array_equal(prepared(step_of("NHWC"), data)[0], expected)


@given(
    st.binary(max_size=60), st.sampled_from([b"", b"Exif\0\0II*\0", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03"])
)
def test_no_exif_data_raise(data: bytes, start: bytes) -> None:
    assert isinstance(orientation(start + data), int)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    with pytest.raises(TooLarge, match="image 1: has 8,000 x 4,001 pixels"):
        step_of().check([base64_of(encoded(photo())), base64_of(png(8_000, 4_001))])
    with pytest.raises(TooLarge, match="together"):
        step_of().check([base64_of(png(5_600, 5_600))] * 5)


def test_large_inputs_are_prepared_some_at_a_time() -> None:
    assert step_of().most_rows > 100_000
    assert step_of(shape=(-1, 3, 1024, 1024), size=[1024, 1024]).most_rows == 5


@pytest.mark.parametrize("cut", [30, 60, 200])
def test_what_cannot_be_decoded_is_named(cut: int) -> None:
    with pytest.raises(InvalidInput, match="image 1: is a PNG that cannot be decoded"):
        step_of().prepare([base64_of(encoded(photo())), base64_of(encoded(photo())[:-cut])])


@pytest.mark.parametrize(
    "members",
    [
        {"gives": "other"},
        {"mode": "CMYK"},
        {"fit": "zoom"},
        {"layout": "HWC"},
        {"size": [5]},
        {"size": [0, 7]},
        {"size": [5, 10_000]},
        {"size": [5, True]},
        {"size": [7, 5]},
        {"mean": [0.5]},
        {"std": [1, 1, 0]},
        {"std": [1, 1, "1"]},
        {"scale": "1"},
        {"scale": True},
        {"scale": float("nan")},
        {"mode": "L"},
        {"more": 1},
        {"dtype": "int64"},
        {"dtype": "uint8", "scale": 0.5},
    ],
    ids=str,
)
def test_declarations_that_make_no_sense_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        step_of(**members)


def test_pillow_is_imported_when_the_first_image_comes(tmp_path: Any) -> None:
    bundle = bundles.build("photo", tmp_path)
    code = f"""
import sys
from onehandler.handler import Handler
from onehandler.message import Request
handler = Handler.load({bundle!r})
before = "PIL" in sys.modules
handler.answer(Request("POST", "/predict", {{"content-type": "image/png"}}, {encoded(photo())!r}))
print(before, "PIL" in sys.modules, "numpy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "False True False"


def test_without_pillow_the_bundle_says_what_to_deploy(tmp_path: Any) -> None:
    bundle = bundles.build("photo", tmp_path)
    code = f"""
import sys
sys.path[:] = [each for each in sys.path if "site-packages" not in each]
from onehandler.bundle import Bundle
from onehandler.errors import BundleError
from onehandler.preprocessing import image
from onehandler.signature import Signature
found = Bundle.load({bundle!r})
try:
    image.step(found.manifest["preprocessing"][0], {{"pixels": found.signature.inputs[0]}}, found)
except BundleError as error:
    print(error.message)
"""
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert 'deploy with --param="image=true"' in done.stdout


def test_hostile_images_take_little_memory(tmp_path: Any) -> None:
    """Bombs of thousands of millions of pixels among them; in a process of its own, for the peak is the process's."""
    bundle = bundles.build("photo", tmp_path)
    code = f"""
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.hostile.cases_images import CASES
from tests.conformance.cases_media import CASES as GOOD
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
handler = Handler.load({bundle!r}, Settings({{"ONEHANDLER_LOG_LEVEL": "ERROR", "ONEHANDLER_MAX_BODY_MB": "1"}}))
for case in GOOD:
    if case.bundle == "photo":
        handler.answer(case.request)
before = peak()
for case in CASES:
    if case.bundle == "photo":
        assert handler.answer(case.request).status == case.status, case.id
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout.splitlines()[-1]) < 32 * 1024  # kB
