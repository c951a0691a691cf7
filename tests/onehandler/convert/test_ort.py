"""ONNX Runtime's own format: taken as it is, compared with its Python binding, served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from onehandler.bundle import Bundle
from onehandler.convert.build import Built, Order, build
from onehandler.errors import ConversionError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from tests import bundles
from tests.onehandler.convert.test_onnx import IRIS


def ort(name: str, folder: Path) -> Path:
    """A small bundle's model, saved by ONNX Runtime in its own format."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    source = str(Path(bundles.build(name, folder), "model.onnx"))
    onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    return folder / "model.ort"


def built(model: Path, sample: Path | None = None, **order: object) -> Built:
    target = model.parent / "out" / "m"
    return build(Order(model, sample, "m", target, **order))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["iris", "mixed", "image", "lookup", "division"])
def test_it_is_taken_and_answers_like_the_python_binding(name: str, tmp_path: Path) -> None:
    found = built(ort(name, tmp_path))
    told = [(spec.name, spec.dtype.name, spec.shape) for spec in found.bundle.signature.inputs]
    real = Bundle.load(str(tmp_path / name)).signature.inputs
    assert told == [(spec.name, spec.dtype.name, spec.shape) for spec in real]
    assert {each.rows for each in found.comparisons} == {"generated"}
    assert {each.share_off for each in found.comparisons} == {0}
    assert {each.count for each in found.comparisons} == {32}
    assert Path(found.bundle.model_path).name == "model.ort"
    handler = Handler.load(found.bundle)
    samples = found.bundle.manifest["samples"]
    answered = handler.predict(tensors_from_rows(handler.signature, samples["rows"]))
    handler.close()
    assert all(tensor.shape[0] == 3 for tensor in answered.values())


def test_a_table_names_its_columns(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(IRIS)
    found = built(ort("iris", tmp_path), tmp_path / "rows.csv")
    assert found.bundle.signature.inputs[0].columns == tuple(bundles.COLUMNS)
    assert {each.rows for each in found.comparisons} == {"training", "held-out"}


def test_arrays_are_a_sample_too(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(20, 8, 8)).astype("float32")
    np.savez(tmp_path / "rows.npz", pixels=rows, digit=np.arange(20))
    found = built(ort("image", tmp_path), tmp_path / "rows.npz", drop="digit")
    assert [(each.rows, each.count) for each in found.comparisons] == [("training", 16), ("held-out", 4)]
    np.save(tmp_path / "rows.npy", rows)
    assert built(tmp_path / "model.ort", tmp_path / "rows.npy").comparisons  # one input: it needs no name


def test_fixed_sizes_are_served_but_not_compared(tmp_path: Path) -> None:
    found = built(ort("fixed", tmp_path))
    assert not found.comparisons
    assert "nothing was compared" in found.warnings[0]


@pytest.mark.parametrize("content", [b"", b"hello", b"\x20\x00\x00\x00ORTM" + b"\x00" * 40])
def test_a_file_that_is_none_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "model.ort").write_bytes(content)
    with pytest.raises(ConversionError, match=r"not in ONNX Runtime's format|Invalid ORT format"):
        built(tmp_path / "model.ort")


def test_other_forms_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"--quantize: takes \.onnx files"):
        built(ort("iris", tmp_path), quantize="dynamic")
