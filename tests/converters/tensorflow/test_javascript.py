"""TensorFlow.js models: written by its own tools (4.22.0), and compared with what TensorFlow.js itself answered.

plain, uint8 and float16 are one SavedModel through tensorflowjs' converter, `layers` was made and saved in JavaScript;
answers.npz holds inputs and what `predict` gave, in Node.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.tensorflow.models import built, shares, sides

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent / "javascript"
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

GRAPH = [
    ["ids: int32[any, 5]", "image: float32[any, 8, 8, 3]"],
    ["output_0: float32[any, 3]", "output_1: float32[any, 1]"],
]
LAYERS = [
    ["image: float32[any, 6, 6, 2]", "steps: float32[any, 5, 2]"],
    ["kind: float32[any, 3]", "value: float32[any, 1]"],
]


@pytest.mark.parametrize("name", ["plain", "uint8", "float16", "layers"])
def test_it_answers_as_in_javascript(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / name, tmp_path / "model")
    found = built(folder)
    assert set(shares(found)) == {0}
    assert [sorted(side) for side in sides(found)] == (LAYERS if name == "layers" else GRAPH)
    told = dict(np.load(folder / "answers.npz"))
    handler = Handler.load(found.bundle)
    rows = [
        {spec.name: told[spec.name][row].tolist() for spec in handler.signature.inputs}
        for row in range(len(told["image"]))
    ]
    answers = handler.predict(tensors_from_rows(handler.signature, rows))
    handler.close()
    for output in handler.signature.outputs:
        assert np.asarray(answers[output.name]) == pytest.approx(told[output.name], abs=2e-6)


def test_the_file_is_as_good_as_its_folder(tmp_path: Path) -> None:
    folder = shutil.copytree(HERE / "plain", tmp_path / "model")
    whole, file = built(folder), built(folder / "model.json")
    assert whole.bundle.digest == file.bundle.digest
    assert whole.bundle.manifest["source"]["framework"] == "tensorflow.js"
