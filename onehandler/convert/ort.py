"""Models in ONNX Runtime's own format (.ort): taken as they are, for they cannot be read by anything else.

There is no checker for them. What the C API answers is compared with what ONNX Runtime's Python binding does.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

import onnxruntime

from onehandler.convert import Candidate, Conversion
from onehandler.convert.generated import generated
from onehandler.convert.tables import Table, array_of
from onehandler.errors import BundleError, ConversionError
from onehandler.runtimes import open_model
from onehandler.signature import Signature, TensorSpec

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.convert import Options
    from onehandler.convert.rows import Answers, Rows

_FIXED = "its sizes are fixed: nothing was compared, as rows cannot be made up for it"


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Open the file; see `Converter`."""
    options.require_only()
    content = path.read_bytes()
    if content[4:8] != b"ORTM":
        raise ConversionError("is not in ONNX Runtime's format; is it an .onnx file?", where=str(path))
    signature = _named(_signature(path), sample, str(path))
    names = [spec.name for spec in signature.inputs]
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])

    def ask(rows: Rows) -> Answers:
        given = {name: array_of(tensor) for name, tensor in rows.tensors(signature).items()}
        return dict(zip(signature.output_names, session.run(None, given), strict=True))

    return Conversion(
        columns=signature.inputs[0].columns or names,
        candidates=[lambda: Candidate(content, signature, name="model.ort")],
        expected=ask if signature.batched else None,
        source={"framework": "onnxruntime", "versions": {"onnxruntime": version("onnxruntime")}},
        warnings=[] if signature.batched else [_FIXED],
        generated=partial(generated, signature.inputs, ask) if signature.batched and sample is None else None,
    )


def _signature(path: Path) -> Signature:
    """What the runtime says the model takes and gives."""
    try:
        model = open_model("onnx", str(path), threads=1)
    except BundleError as error:
        raise ConversionError(error.message.replace(str(path), "the file"), where=str(path)) from None
    try:
        return model.signature
    finally:
        model.close()


def _named(signature: Signature, sample: Rows | None, where: str) -> Signature:
    """With a table's columns on a single input of as many; ConversionError when it takes no rows."""
    if sample is not None and not signature.batched:
        raise ConversionError("takes no rows: its sizes are fixed; leave --sample out", where=where)
    first = signature.inputs[0]
    if not isinstance(sample, Table) or len(signature.inputs) > 1 or first.shape[1:] != (len(sample.names),):
        return signature
    named = TensorSpec(first.name, first.dtype, first.shape, tuple(sample.names))
    return Signature([named], signature.outputs)
