"""Steps before a model: what clients see, what goes through, what must fit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import helper

from onehandler.errors import BundleError
from onehandler.handler import Handler
from onehandler.message import Request
from onehandler.settings import Settings
from tests import bundles, prepared
from tests.bundles import spec
from tests.prepared import IMAGE_STEP, TEXT_STEP, base64_of, encoded, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKENIZER = {"tokenizer.json": prepared.tokenizer().to_str().encode()}


def several(folder: Path, inputs: list[dict[str, Any]], **changes: Any) -> str:
    """A model of pixels, tokens and a number, which adds them up a row."""
    tensors = [
        spec("pixels", "float32", [-1, 3, 4, 4]),
        spec("input_ids", "int64", [-1, -1]),
        spec("attention_mask", "int64", [-1, -1]),
        spec("price", "float32", [-1]),
    ]
    outputs = [spec("sum", "float32", [-1])]
    nodes = [
        helper.make_node("ReduceSum", ["pixels", "three"], ["a"], keepdims=0),
        helper.make_node("ReduceSum", ["input_ids", "one"], ["whole"], keepdims=0),
        helper.make_node("ReduceSum", ["attention_mask", "one"], ["length"], keepdims=0),
        helper.make_node("Add", ["whole", "length"], ["tokens"]),
        helper.make_node("Cast", ["tokens"], ["b"], to=1),
        helper.make_node("Sum", ["a", "b", "price"], ["sum"]),
    ]
    axes = {"three": np.array([1, 2, 3], np.int64), "one": np.array([1], np.int64)}
    model = bundles.make_model(nodes, tensors, outputs, axes)
    steps = {"preprocessing": [IMAGE_STEP, TEXT_STEP], "files": TOKENIZER}
    return bundles.write(folder / "several", "several", model, inputs, outputs, [], **{**steps, **changes})


IMAGE = {**spec("image", "string", [-1]), "media": "image"}
TEXT, PRICE = spec("text", "string", [-1]), spec("price", "float32", [-1])


def test_steps_of_both_kinds_beside_a_number(tmp_path: Path) -> None:
    handler = Handler.load(several(tmp_path, [PRICE, TEXT, IMAGE]))
    row = {"price": 0.5, "text": "good", "image": base64_of(encoded(plain((255, 0, 51))))}
    body = json.dumps({"rows": [row, {**row, "text": "", "price": 1}]}).encode()
    response = handler.answer(Request("POST", "/predict", {}, body))
    assert json.loads(response.body)["predictions"] == pytest.approx([19.2 + 12 + 0.5, 19.2 + 7 + 1])
    assert [each.name for each in handler.signature.inputs] == ["price", "text", "image"]
    handler.close()


@pytest.mark.parametrize(
    "inputs",
    [
        [TEXT, IMAGE],
        [PRICE, TEXT],
        [PRICE, TEXT, {**IMAGE, "media": ""}],
        [PRICE, {**TEXT, "media": "image"}, IMAGE],
        [PRICE, TEXT, {**IMAGE, "shape": [-1, 2]}],
        [PRICE, TEXT, {**spec("image", "float32", [-1])}],
        [{**PRICE, "dtype": "float64"}, TEXT, IMAGE],
        [{**PRICE, "shape": [-1, 1]}, TEXT, IMAGE],
        [PRICE, TEXT, IMAGE, spec("more", "float32", [-1])],
        [PRICE, TEXT, IMAGE, spec("pixels", "float32", [-1, 3, 4, 4])],
    ],
    ids=str,
)
def test_inputs_that_do_not_lead_to_the_models_are_refused(inputs: list[Any], tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        Handler.load(several(tmp_path, inputs))


def test_a_media_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    for media in ("sound", 5):
        with pytest.raises(BundleError):
            Handler.load(several(tmp_path / str(media), [PRICE, TEXT, {**IMAGE, "media": media}]))


def test_without_steps_the_runtime_is_the_models_own(handler_of: Callable[[str], Handler]) -> None:
    assert type(handler_of("iris").runtime).__module__.startswith("onehandler.runtimes.")


def test_rows_may_be_micro_batched(tmp_path: Path) -> None:
    from onehandler.serving.batchable import check_batchable

    for name in ("photo", "review"):
        handler = Handler.load(bundles.build(name, tmp_path), Settings({}))
        check_batchable(handler.bundle, handler.runtime)
        handler.close()


def test_files_of_texts_are_scored(handler_of: Callable[[str], Handler]) -> None:
    rows = list(handler_of("review").score(b"id,text\n1,good film\n2,bad\n", "text/csv"))
    assert [row.prediction for row in rows] == [{"total": 15, "length": 4}, {"total": 10, "length": 3}]


def test_lines_of_images_are_scored_each_for_itself(handler_of: Callable[[str], Handler]) -> None:
    good, bad = base64_of(encoded(plain())), base64_of(encoded(plain())[:-30])
    lines = "\n".join(json.dumps({"image": each}) for each in (good, bad, "x", good))
    rows = list(handler_of("photo").score(lines.encode(), "application/jsonl"))
    assert [row.error is None for row in rows] == [True, False, False, True]
