"""Declared preprocessing: the bundle takes what clients send, and refuses steps that lead nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onehandler.convert.build import Built, Order, build
from onehandler.convert.page import report_page
from onehandler.convert.steps import read_steps
from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from onehandler.settings import Settings
from tests import bundles
from tests.onehandler.convert.test_ort import ort

IMAGE: dict[str, Any] = {"kind": "image", "input": "picture", "gives": "pixels", "mode": "L", "size": [8, 8]}


def steps(folder: Path, *declared: Any) -> Path:
    (folder / "steps.json").write_text(json.dumps(declared))
    return folder / "steps.json"


def built(model: Path, file: Path, sample: Path | None = None) -> Built:
    return build(Order(model, sample, "m", model.parent / "out" / "m", steps=read_steps(file)))


def test_a_model_of_pixels_takes_pictures(tmp_path: Path) -> None:
    found = built(Path(bundles.build("image", tmp_path), "model.onnx"), steps(tmp_path, IMAGE))
    (spec,) = found.bundle.signature.inputs
    assert (spec.name, spec.dtype.name, spec.shape, spec.media) == ("picture", "string", (-1,), "image")
    assert found.bundle.manifest["preprocessing"] == [IMAGE]
    samples = found.bundle.manifest["samples"]
    handler = Handler.load(found.bundle, Settings({}))
    answered = handler.predict(tensors_from_rows(handler.signature, samples["rows"]))
    handler.close()
    assert answered["digit"].values() == samples["predictions"]


def test_the_model_is_compared_on_its_own_inputs_and_the_report_shows_it(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 8, 8)).astype("float32")
    np.savez(tmp_path / "rows.npz", pixels=rows)
    found = built(ort("image", tmp_path), steps(tmp_path, IMAGE), tmp_path / "rows.npz")
    assert [(each.rows, each.count) for each in found.comparisons] == [("training", 16), ("held-out", 4)]
    assert "picture" in report_page(found)


REFUSED: dict[str, tuple[list[Any], str]] = {
    "no list": ([], "needs a list of steps"),
    "no object": (["image"], r"steps\.json\[0\]: needs a kind \(image, text\)"),
    "another kind": ([{**IMAGE, "kind": "sound"}], r"needs a kind \(image, text\)"),
    "gives nothing": ([{"kind": "image", "input": "picture"}], "what it gives to the model"),
    "no such input": ([{**IMAGE, "gives": "nothing"}], "gives 'nothing'; the model takes 'pixels'"),
    "no tokenizer": (
        [{"kind": "text", "input": "t", "tokenizer": "t.json", "gives": {"pixels": "ids"}}],
        r"names 't\.json', which is not beside it",
    ),
    "another size": ([{**IMAGE, "size": [9, 8]}], r"gives \[any, 9, 8\]|\[any, 1, 9, 8\]"),
    "twice": ([IMAGE, IMAGE], "gives 'pixels'; the model takes 'picture'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_steps_that_lead_nowhere_are_refused(name: str, tmp_path: Path) -> None:
    declared, message = REFUSED[name]
    model = Path(bundles.build("image", tmp_path), "model.onnx")
    with pytest.raises(ConversionError, match=message):
        built(model, steps(tmp_path, *declared))
    assert not (tmp_path / "image" / "out").exists()


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "steps.json").write_text("image")
    with pytest.raises(ConversionError, match="is not JSON"):
        read_steps(tmp_path / "steps.json")


def test_a_name_that_the_model_has_too(tmp_path: Path) -> None:
    model = Path(bundles.build("mixed", tmp_path), "model.onnx")
    with pytest.raises(ConversionError, match="has an input 'city' that the model has, too"):
        built(model, steps(tmp_path, {**IMAGE, "input": "city", "gives": "age"}))
