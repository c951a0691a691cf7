"""Models that cannot be micro-batched are refused by name at start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import helper

from onehandler.errors import SettingsError
from onehandler.handler import Handler
from onehandler.serving.batchable import check_batchable
from onehandler.settings import Settings
from tests import bundles
from tests.onehandler.serving.servers import start

if TYPE_CHECKING:
    from pathlib import Path


def check(path: str) -> None:
    handler = Handler.load(path, Settings({"ONEHANDLER_THREADS": "1"}))
    check_batchable(handler.bundle, handler.runtime)


def made(folder: Path, name: str, nodes: list[Any], out: list[int], constants: Any = None) -> str:
    """A bundle of a model of these nodes, from x float32 [any, 2] to y float32 of shape `out`."""
    inputs, outputs = [bundles.spec("x", "float32", [-1, 2])], [bundles.spec("y", "float32", out)]
    model = bundles.make_model(nodes, inputs, outputs, constants)
    return bundles.write(folder / name, name, model, inputs, outputs, [[1.0, 2.0]])


@pytest.mark.parametrize("name", ["iris", "mixed", "regression", "image", "lookup", "wide", "division"])
def test_models_that_answer_each_row_by_itself_are_taken(name: str, tmp_path: Path) -> None:
    check(bundles.build(name, tmp_path))


def test_a_model_without_a_row_dimension_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"model 'fixed' has no row dimension in 'a'.*--max-batch 1"):
        check(bundles.build("fixed", tmp_path))


def test_a_model_whose_rows_touch_each_other_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Softmax", ["x"], ["y"], axis=0)]
    with pytest.raises(SettingsError, match="model 'mixing' gives another 'y' for a row when"):
        check(made(tmp_path, "mixing", nodes, [-1, 2]))


def test_a_model_whose_output_does_not_follow_the_rows_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Concat", ["x", "x"], ["y"], axis=0)]
    with pytest.raises(SettingsError, match=r"model 'twice' does not answer two rows as it answers one"):
        check(made(tmp_path, "twice", nodes, [-1, 2]))


def test_a_model_that_takes_one_row_only_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    path = made(tmp_path, "single", nodes, [-1, 2], {"shape": np.array([1, 2], dtype=np.int64)})
    with pytest.raises(SettingsError, match="model 'single' does not answer two rows"):
        check(path)


def test_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    process = start(bundles.build("fixed", tmp_path), "--max-batch", 4)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors.startswith("error: ONEHANDLER_MAX_BATCH: model 'fixed' has no row dimension")
    assert errors.count("\n") == 1
