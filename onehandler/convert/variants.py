"""Smaller or faster forms of a converted model, measured on the sample before anybody decides.

| form | what is done |
| --- | --- |
| optimized | ONNX Runtime's graph optimisations that need no certain processor, done once instead of at every start |
| dynamic | weights of matrix products as 8-bit integers, activations quantized as they come |
| static | weights and activations as 8-bit integers, ranges taken from the sample's rows |
"""

from __future__ import annotations

import logging
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import onnx
import onnxruntime

from onehandler.convert.opening import opened, prepared
from onehandler.convert.parity import compare
from onehandler.convert.tables import array_of
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onehandler.convert import Candidate
    from onehandler.convert.parity import Reference
    from onehandler.convert.rows import Rows

_QUANTIZABLE = {"MatMul", "Gemm", "Conv"}
_RUNS = 50


@dataclass(frozen=True, slots=True)
class Measured:
    """One form: its bytes, the median time of one row, and how it compares with the original.

    `worst` is the largest difference of a number, `labels_off` the share of rows with another label, `share_off` the
    share of rows beyond the tolerance in anything.
    """

    form: str
    size: int
    microseconds: float
    worst: float
    labels_off: float
    share_off: float

    def to_json(self) -> dict[str, Any]:
        """For the manifest and for scripts."""
        return asdict(self)


def changed(candidate: Candidate, optimize: bool, quantize: str, rows: Rows | None) -> Candidate:
    """The candidate in another form; ConversionError says what cannot be done to it."""
    if candidate.name.endswith(".ort"):
        raise ConversionError(
            "takes .onnx files; one in ONNX Runtime's own format is final",
            where="--quantize" if quantize else "--optimize",
        )
    if candidate.weights is not None:
        raise ConversionError(
            "is for models whose weights fit into the graph; this one keeps them in a file of their own",
            where="--quantize" if quantize else "--optimize",
        )
    model, notes = candidate.model, [candidate.note]
    with tempfile.TemporaryDirectory(prefix="onehandler-variant-") as folder:
        if quantize:  # first: the quantizer must know types, which nodes that were fused no longer tell
            model = _quantized(candidate, quantize, rows, Path(folder))
            notes.append(f"quantized ({quantize})")
        if optimize:
            model = _optimized(model, Path(folder))
            notes.append("optimized")
    return replace(candidate, model=model, note=", ".join(note for note in notes if note))


def measured(form: str, candidate: Candidate, asked: Sequence[Reference], tolerance: float) -> Measured:
    """Size, speed and difference of one form; the speed is of the held-out rows, one at a time."""
    with opened(candidate) as runtime:
        compared = [
            each
            for reference in asked
            for each in compare(runtime, candidate.signature, reference, tolerance, candidate.slack)
        ]
        row = asked[-1].rows.part(0, 1).tensors(candidate.signature)
        times = []
        for _ in range(_RUNS):
            begun = perf_counter()
            runtime.run(row)
            times.append(perf_counter() - begun)
    numbers = {spec.name for spec in candidate.signature.outputs if spec.dtype.family == "float"}
    return Measured(
        form,
        len(candidate.model),
        median(times) * 1e6,
        max((each.worst for each in compared if each.output in numbers), default=0.0),
        max((each.share_off for each in compared if each.output not in numbers), default=0.0),
        max(each.share_off for each in compared),
    )


def _optimized(model: bytes, folder: Path) -> bytes:
    options = onnxruntime.SessionOptions()
    # What is beyond the basic is for one processor and one version of the runtime.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folder / "optimized.onnx")
    options.log_severity_level = 3
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return (folder / "optimized.onnx").read_bytes()


def _quantized(candidate: Candidate, how: str, rows: Rows | None, folder: Path) -> bytes:
    from onnxruntime import quantization  # a second, and only where it is asked for

    graph = onnx.load_from_string(candidate.model)
    kinds = {node.op_type for node in graph.graph.node}
    if not kinds & _QUANTIZABLE:
        raise ConversionError(
            f"finds no matrix product to quantize: the model is made of {', '.join(sorted(kinds))}; leave it out",
            where=f"--quantize {how}",
        )
    del graph.graph.value_info[:]  # stale shapes of exporters break the quantizer
    source, target = folder / "source.onnx", folder / "quantized.onnx"
    onnx.save(graph, source)
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)  # it advises a preprocessing that has been done
    try:
        if how == "dynamic":
            quantization.quantize_dynamic(source, target)
        elif rows is None:
            raise ConversionError("is needed: its rows tell the ranges of values", where="--sample")
        else:
            quantization.quantize_static(source, target, _calibration(candidate, rows, quantization))
    except (RuntimeError, ValueError, NotImplementedError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ConversionError(
            f"ONNX Runtime's quantizer fails: {reason}", where=f"--quantize {how}"
        ) from None
    finally:
        logging.root.setLevel(level)
    return target.read_bytes()


def _calibration(candidate: Candidate, rows: Rows, quantization: Any) -> Any:
    class Calibration(quantization.CalibrationDataReader):  # type: ignore[misc]
        """The sample's rows, one batch."""

        def __init__(self) -> None:
            self._batches: Iterator[Mapping[str, Any]] = iter(
                [{name: array_of(tensor) for name, tensor in prepared(candidate, rows).items()}]
            )

        def get_next(self) -> Mapping[str, Any] | None:
            """The next batch, None after the last."""
            return next(self._batches, None)

    return Calibration()
