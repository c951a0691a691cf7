"""What a missing package's message tells to install is what the converters' tests run with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onehandler.convert import converter_for
from onehandler.convert.packages import PINNED, advice
from onehandler.errors import ConversionError

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("package", PINNED)
def test_the_advice_is_what_is_locked(package: str) -> None:
    locked = "".join(path.read_text() for path in (ROOT / "requirements").glob("convert-*.txt"))
    torch = re.search(r"^TORCH_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert torch  # which is not locked
    locked += f"\ntorch=={torch[1]} \n"
    for each in PINNED[package].split():
        assert re.search(rf"^{re.escape(each)}\b", locked, re.MULTILINE)


@pytest.mark.parametrize(
    ("suffix", "package"),
    [
        (".json", "xgboost"),
        (".ubj", "xgboost"),
        (".txt", "lightgbm"),
        (".cbm", "catboost"),
        (".skops", "skops"),
    ],
)
def test_a_missing_package_is_named_with_what_to_install(
    suffix: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, package, None)  # as where it is not installed
    monkeypatch.delitem(sys.modules, f"onehandler.convert.{package}", raising=False)
    with pytest.raises(
        ConversionError, match=rf"needs the package '{package}'; pip install '{PINNED[package]}'"
    ):
        converter_for(Path(f"model{suffix}"))


@pytest.mark.parametrize("model", ["m.keras", "m.h5", "m.pb", "m.tflite"])
def test_a_missing_tensorflow_is_told_with_all_it_takes(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ConversionError, match=r"pip install 'tensorflow==2\.21\.0' 'tf2onnx==1\.17\.0'"):
        converter_for(Path(model))


@pytest.mark.parametrize("model", ["m.pt", "m.pt2", "m.pth", "m.safetensors"])
def test_a_missing_torch_is_told_with_all_it_takes(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ConversionError, match=r"'torch'; pip install 'torch==2\.13\.0' 'onnxscript=="):
        converter_for(Path(model))


def test_what_is_not_tabled_comes_with_the_build_extra() -> None:
    assert advice("onnx") == "pip install 'onehandler[build]'"
