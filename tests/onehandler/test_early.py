"""What begins before everything else ends in the same handler, and in the same errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import bundles
from tests.onehandler.runtimes.processes import run_python

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """
import os, sys
from onehandler import early
early.begin(os.environ)
early.begin(os.environ)
from onehandler.errors import OnehandlerError
from onehandler.handler import Handler
from onehandler.settings import Settings
settings = Settings(os.environ)
bundle = early.verified(settings)
print(bundle is not None, early.verified(settings) is None)
assert sys.getswitchinterval() == 0.005
try:
    handler = Handler.load(bundle or settings.bundle, settings)
except OnehandlerError as error:
    print(error)
else:
    from onehandler.rows import tensors_from_rows
    print(handler.predict(tensors_from_rows(handler.signature, [[5.1, 3.5, 1.4, 0.2]]))["label"].values())
"""


def begun(bundle: str, **variables: str) -> list[str]:
    return run_python(SCRIPT, ONEHANDLER_BUNDLE=bundle, **variables).splitlines()


def test_the_bundle_is_verified_and_its_model_opened_once(tmp_path: Path) -> None:
    assert begun(bundles.build("iris", tmp_path)) == ["True True", "[2]"]


def test_a_model_is_opened_with_the_threads_of_the_settings_or_anew(tmp_path: Path) -> None:
    bundle = bundles.build("iris", tmp_path)
    script = f"""
from onehandler.runtimes import begin_opening, open_model, _begun
path = {bundle!r} + "/model.onnx"
begin_opening("onnx", path, 1)
begin_opening("none", path, 1)
assert list(_begun) == [("onnx", path, 1)]
first, other, again = open_model("onnx", path, 2), open_model("onnx", path, 1), open_model("onnx", path, 1)
assert other is not again and not _begun
print(first.signature.inputs)
"""
    assert "X: float32[any, 4]" in run_python(script)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("nowhere", "no bundle here"),
        ("altered", "its sha256 differs"),
        ("no model", "ONNX Runtime says"),
    ],
)
def test_what_is_wrong_is_told_by_the_handler(change: str, words: str, tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    if change != "nowhere":
        files = {"model.onnx": b"no model"} if change == "no model" else None
        folder = tmp_path / "iris"
        bundles.build("iris", tmp_path, files=files)
    if change == "altered":
        model = folder / "model.onnx"
        model.write_bytes(model.read_bytes()[:-1] + b"\0")
    told = begun(str(folder))
    assert told[0] == f"{change == 'no model'} True"
    assert words in told[1]


def test_another_digest_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    told = begun(bundles.build("iris", tmp_path), ONEHANDLER_BUNDLE_DIGEST="0" * 64)
    assert told[0] == "False True"
    assert "the deployment pins 0000" in told[1]
