"""ONNX files: checked and taken as they are, when all they take and give are tensors."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import onnx
from google.protobuf.message import DecodeError

from onehandler.convert import Candidate, Conversion
from onehandler.convert.graph import signature_of
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame


def convert(path: Path, sample: DataFrame) -> Conversion:
    """Check the file; see `Converter`. The sample's columns name those of a single two-dimensional input."""
    try:
        model = onnx.load(path, load_external_data=False)
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, DecodeError) as error:
        raise ConversionError(f"is not a valid ONNX model: {str(error)[:300]}", where=str(path)) from None
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in model.graph.initializer):
        raise ConversionError(
            "keeps weights in other files; save it in one (onnx.save, 2 GB)", where=str(path)
        )
    names = [value.name for value in model.graph.input]
    columns = tuple(str(name) for name in sample.columns)
    missing = bool(sample.isna().any(axis=None))
    signature = signature_of(model, {names[0]: columns} if len(names) == 1 else {}, names if missing else ())
    producer = f"{model.producer_name} {model.producer_version}".strip()
    return Conversion(
        columns=list(columns),
        candidates=[lambda: Candidate(path.read_bytes(), signature)],
        expected=None,
        source={"framework": "onnx", "producer": producer, "versions": {"onnx": version("onnx")}},
    )
