"""Keras files: every kind of network answers like the original, and nothing stored as code is run."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from onehandler.convert import Options
from onehandler.convert.tensorflow.imported import keras
from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests.converters.tensorflow.models import (
    MODELS,
    built,
    dense,
    of_texts,
    several,
    shares,
    sides,
    with_code,
)

if TYPE_CHECKING:
    from pathlib import Path

# Keras' and its layers' own, on files of older forms.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

SIDES = {
    "dense": [["x: float32[any, 4]"], ["scores: float32[any, 3]"]],
    "convolution": [["pixels: float32[any, 8, 8, 1]"], ["scores: float32[any, 3]"]],
    "recurrent": [["steps: float32[any, any, 5]"], ["next: float32[any, 1]"]],
    "embedding": [["ids: int32[any, any]"], ["scores: float32[any, 2]"]],
    "several": [
        ["age: float32[any, 1]", "image: float32[any, 4, 4, 3]"],
        ["kind: float32[any, 2]", "value: float32[any, 1]"],
    ],
    "normalized": [["x: float32[any, 4]"], ["y: float32[any, 2]"]],
    "looked up": [["city: string[any, 1]"], ["y: float32[any, 2]"]],
}


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", MODELS)
def test_it_answers_like_the_original_under_its_own_names(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    MODELS[name]().save(path)
    found = built(path)
    assert set(shares(found)) == {0}
    assert {each.batch for each in found.comparisons} == {32}  # all at once did no better than one by one
    assert sides(found) == SIDES[name]
