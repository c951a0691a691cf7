"""Python as a model: a file model.py, or a folder with one and whatever it reads (onehandler.runtimes.python).

What it takes is said with --input, or by the columns of a sample; what it gives is seen from its answers.
"""

from __future__ import annotations

import platform
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert import Candidate, Conversion
from onehandler.convert.generated import generated
from onehandler.convert.tables import Table, input_specs
from onehandler.dtypes import dtype_named
from onehandler.errors import BundleError, ConversionError, InvalidInput
from onehandler.runtimes.arrays import array_of, dtype_text
from onehandler.runtimes.python import predict_of
from onehandler.signature import ANY, Signature, TensorSpec
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onehandler.convert import Options
    from onehandler.convert.rows import Answers, Rows
    from onehandler.runtimes.python import Predict

    Array = np.ndarray[Any, Any]

MODEL = "model.py"
_SIZES = (2, 3)  # rows asked for, to see which dimensions of the answers vary


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Run the code and see what it gives; see `Converter`."""
    options.require_only("inputs", "allow_code")
    if not options.allow_code:
        raise ConversionError(
            "is Python, which runs here and wherever its bundle is loaded; if you trust it, say --allow-code",
            where=str(path),
        )
    file = path / MODEL if path.is_dir() else path
    try:
        predict = predict_of(file)
    except BundleError as error:
        raise ConversionError(error.message, where=error.where) from None
    specs = _inputs(sample, options.inputs)
    ask = partial(_answers, predict, specs)
    make = partial(generated, specs, ask)
    rows = sample if sample is not None else next(iter(make().values()))
    return Conversion(
        columns=list(rows.names) if isinstance(rows, Table) else [spec.name for spec in specs],
        candidates=[partial(_candidate, path, specs, ask, rows)],
        expected=ask,
        source={"framework": "python", "versions": {"python": platform.python_version()}},
        generated=make if sample is None else None,
    )


def _inputs(sample: Rows | None, declared: Sequence[TensorSpec]) -> list[TensorSpec]:
    if declared:
        return list(declared)
    if not isinstance(sample, Table):
        raise ConversionError(
            "says what the code takes: give it once an input, as in x:float32[any,4], or a sample as CSV",
            where="--input",
        )
    return input_specs(sample.frame)


def _answers(predict: Predict, specs: Sequence[TensorSpec], rows: Rows) -> Answers:
    # Nothing is known of the outputs yet, and the inputs are all that rows look at.
    found = predict(rows.tensors(Signature(specs, [TensorSpec("none", dtype_named("float32"), (ANY,))])))
    return {name: _array(values) for name, values in found.items()}


def _array(values: Any) -> Array:
    array = array_of(values) if isinstance(values, Tensor) else np.asarray(values)
    return array.astype(object) if array.dtype.kind in "US" else array


def _candidate(path: Path, specs: Sequence[TensorSpec], ask: Any, rows: Rows) -> Candidate:
    few, more = (ask(rows.part(0, size)) for size in _SIZES)
    files = _files(path)
    return Candidate(
        model=files.pop(MODEL),
        signature=Signature(specs, [_output(name, few[name], more[name]) for name in few]),
        name=MODEL,
        runtime="python",
        members={"allow_code": True},
        files=files,
    )


def _output(name: str, few: Array, more: Array) -> TensorSpec:
    counts = [array.shape[0] if array.ndim else 0 for array in (few, more)]
    if counts != list(_SIZES):
        raise ConversionError(
            f"has {counts[0]} rows for {_SIZES[0]} of input and {counts[1]} for {_SIZES[1]}; one for each is needed",
            where=f"output '{name}'",
        )
    sizes = [
        size if size == other else ANY for size, other in zip(few.shape[1:], more.shape[1:], strict=True)
    ]
    try:
        return TensorSpec(name, dtype_named(dtype_text(few, f"output '{name}'")), (ANY, *sizes))
    except InvalidInput as error:
        raise ConversionError(error.message, where=error.where) from None


def _files(path: Path) -> dict[str, bytes]:
    """The bundle's files: model.py, and what lies beside it in its folder."""
    if not path.is_dir():
        return {MODEL: path.read_bytes()}
    found: Mapping[str, bytes] = {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file() and not any(_is_passing(part) for part in file.relative_to(path).parts)
    }
    return dict(found)


def _is_passing(name: str) -> bool:
    """Whether a file is none that somebody wrote: caches, and what editors and version control keep."""
    return name.startswith(".") or name == "__pycache__" or name.endswith(".pyc")
