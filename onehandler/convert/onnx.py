"""ONNX files: checked and taken as they are; outputs that are no tensors are rewritten where that can be done."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import onnx
from google.protobuf.message import DecodeError

from onehandler.convert import Candidate, Conversion
from onehandler.convert.graph import keeps_data_elsewhere, signature_of
from onehandler.convert.onnx_outputs import tensor_outputs
from onehandler.convert.tables import Table
from onehandler.convert.weights import separated
from onehandler.errors import ConversionError
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from onehandler.convert import Options
    from onehandler.convert.rows import Rows
    from onehandler.signature import Signature, TensorSpec


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Check the file; see `Converter`.

    The columns of a table name those of a single input, or are the inputs where each is one column. A model that
    takes anything else takes arrays by input name.
    """
    options.require_only()
    model, content = _read(path)
    frame = sample.frame if isinstance(sample, Table) else None
    columns = tuple(sample.names) if sample is not None and frame is not None else ()
    inputs = [value.name for value in model.graph.input]
    named = {inputs[0]: columns} if len(inputs) == 1 else {}
    missing = inputs if frame is not None and bool(frame.isna().any(axis=None)) else []
    labels, notes = tensor_outputs(model)
    signature = signature_of(model, {**named, **labels}, missing)
    if frame is not None:
        _require_table(signature, columns)
    elif sample is not None and not signature.batched:
        raise ConversionError("takes no rows: its sizes are fixed; leave --sample out", where=str(path))
    weights = separated(model, path.parent)
    graph = model.SerializeToString(deterministic=True) if weights or notes else content
    producer = f"{model.producer_name} {model.producer_version}".strip()
    return Conversion(
        columns=columns if frame is not None and len(inputs) == 1 else inputs,
        candidates=[lambda: Candidate(graph, signature, weights=weights)],
        expected=None,
        source={"framework": "onnx", "producer": producer, "versions": {"onnx": version("onnx")}},
        warnings=notes,
    )


def _read(path: Path) -> tuple[onnx.ModelProto, bytes]:
    content = path.read_bytes()
    if content[4:8] == b"ORTM":
        raise ConversionError(
            "is in ONNX Runtime's own format; give it a name that ends in .ort",
            where=str(path),
        )
    try:
        model = onnx.load_from_string(content)
    except DecodeError:
        raise ConversionError("is not an ONNX file; save the model with onnx.save", where=str(path)) from None
    try:
        # Weights that lie elsewhere are only found, and checked to be there, from the file's own place.
        onnx.checker.check_model(str(path) if keeps_data_elsewhere(model) else model)
    except onnx.checker.ValidationError as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise ConversionError(f"is not a valid ONNX model: {reason}", where=str(path)) from None
    return model, content


def _require_table(signature: Signature, columns: Sequence[str]) -> None:
    """Refuse a sample that cannot fill the inputs."""
    specs = signature.inputs
    if not signature.batched or not all(
        _is_column(spec) or (len(specs) == 1 and _is_table(spec)) for spec in specs
    ):
        raise ConversionError(
            f"this model takes {', '.join(map(repr, specs[:4]))}, which rows of a table cannot fill; leave --sample "
            "out, or give arrays by input name (.npz)"
        )
    if len(specs) == 1:
        width = 1 if _is_column(specs[0]) else specs[0].shape[1]
        if width != len(columns):
            raise ConversionError(f"has {len(columns)} columns, the model takes {width}", where="--sample")


def _is_column(spec: TensorSpec) -> bool:
    return spec.shape in {(ANY,), (ANY, 1)}


def _is_table(spec: TensorSpec) -> bool:
    return len(spec.shape) == 2 and spec.shape[1] != ANY
