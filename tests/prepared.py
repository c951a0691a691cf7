"""Small bundles with declared preprocessing; `tests.bundles.build` knows them by name, too.

| name | takes | gives |
| --- | --- | --- |
| photo | image [any] as 4 x 4 pixels of RGB from 0 to 1 | strongest int64 [any], means float32 [any, 3] by colour |
| review | text [any] as at most 6 token ids and their mask | total of the ids, length, both int64 [any] |
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper
from PIL import Image
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing

from tests import bundles

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = ["red", "green", "blue"]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "film", "the", "is", "Łódź"]
IMAGE_STEP = {
    "kind": "image",
    "input": "image",
    "gives": "pixels",
    "mode": "RGB",
    "size": [4, 4],
    "scale": 1 / 255,
}
TEXT_STEP = {
    "kind": "text",
    "input": "text",
    "tokenizer": "tokenizer.json",
    "max_length": 6,
    "gives": {"input_ids": "ids", "attention_mask": "mask"},
}


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """An image as a file."""
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def base64_of(data: bytes) -> str:
    return b64encode(data).decode()


def plain(colour: Any = (200, 100, 50), size: tuple[int, int] = (8, 6), mode: str = "RGB") -> Image.Image:
    """An image of one colour."""
    return Image.new(mode, size, colour)


def tokenizer() -> Tokenizer:
    """Words in their order, unknown ones as [UNK], between [CLS] and [SEP]."""
    made = Tokenizer(WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = Whitespace()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def build(name: str, folder: Path, /, **changes: Any) -> str:
    """Write the bundle into a new folder below `folder`; `changes` replace manifest members."""
    return {"photo": photo, "review": review}[name](folder / name, **changes)


def photo(target: Path, /, layout: str = "NCHW", dtype: str = "float32", **changes: Any) -> str:
    shape = [-1, 3, 4, 4] if layout == "NCHW" else [-1, 4, 4, 3]
    axes = "2,3" if layout == "NCHW" else "1,2"
    pixels = [bundles.spec("pixels", dtype, shape)]
    outputs = [bundles.spec("strongest", "int64", [-1]), bundles.spec("means", "float32", [-1, 3], COLOURS)]
    nodes = [
        helper.make_node("Cast", ["pixels"], ["numbers"], to=1),
        helper.make_node("ReduceMean", ["numbers", "axes"], ["means"], keepdims=0),
        helper.make_node("ArgMax", ["means"], ["strongest"], axis=1, keepdims=0),
    ]
    model = bundles.make_model(
        nodes, pixels, outputs, {"axes": np.array([int(axis) for axis in axes.split(",")], np.int64)}
    )
    inputs = [{**bundles.spec("image", "string", [-1]), "media": "image"}]
    step = (
        {**IMAGE_STEP, "layout": layout}
        if dtype == "float32"
        else {**{name: value for name, value in IMAGE_STEP.items() if name != "scale"}, "layout": layout}
    )
    sample = [{"image": base64_of(encoded(plain()))}]
    return bundles.write(
        target, "photo", model, inputs, outputs, sample, **{"preprocessing": [step], **changes}
    )


def review(target: Path, /, dtype: str = "int64", width: int = -1, **changes: Any) -> str:
    tensors = [bundles.spec(name, dtype, [-1, width]) for name in ("input_ids", "attention_mask")]
    outputs = [bundles.spec("total", "int64", [-1]), bundles.spec("length", "int64", [-1])]
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=7),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=7),
        helper.make_node("ReduceSum", ["ids", "axes"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["mask", "axes"], ["length"], keepdims=0),
    ]
    model = bundles.make_model(nodes, tensors, outputs, {"axes": np.array([1], np.int64)})
    changes = {
        "preprocessing": [TEXT_STEP],
        "files": {"tokenizer.json": tokenizer().to_str().encode()},
        **changes,
    }
    inputs = [bundles.spec("text", "string", [-1])]
    return bundles.write(target, "review", model, inputs, outputs, [{"text": "the film is good"}], **changes)
