"""Does the converted model answer like the original? Conversions can be wrong without a word."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.errors import ConversionError
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pandas import DataFrame

    from onehandler.runtimes import Runtime
    from onehandler.signature import Signature, TensorSpec

_BATCHES = (1, 7)  # besides all rows at once: a batch size may have been baked in


@dataclass(frozen=True, slots=True)
class Comparison:
    """One output on one set of rows. `worst` is the largest absolute difference (labels: 0 or 1)."""

    rows: str
    output: str
    count: int
    worst: float
    share_off: float

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return asdict(self)


def tensors_of(signature: Signature, frame: DataFrame) -> dict[str, Tensor]:
    """A frame of the model's columns as its inputs."""
    if len(signature.inputs) == 1:
        spec = signature.inputs[0]
        values = frame.to_numpy(dtype=_numpy_type(spec))
        return {spec.name: _tensor(spec, values if len(spec.shape) > 1 else values[:, 0])}
    return {
        spec.name: _tensor(spec, frame[[spec.name]].to_numpy(dtype=_numpy_type(spec)))
        for spec in signature.inputs
    }


def compare(
    runtime: Runtime,
    signature: Signature,
    expected: Mapping[str, np.ndarray[Any, Any]],
    frame: DataFrame,
    rows: str,
    tolerance: float,
) -> list[Comparison]:
    """Run the converted model over the rows, at several batch sizes, against the original's answers."""
    found = [_run(runtime, signature, frame, size) for size in (*_BATCHES, len(frame))]
    return [
        _worst(
            [_compared(rows, spec.name, expected[spec.name], each[spec.name], tolerance) for each in found]
        )
        for spec in signature.outputs
    ]


def require_equal(comparisons: Sequence[Comparison], tolerance: float) -> None:
    """Raise ConversionError naming the worst comparison when any row is off."""
    worst = max(comparisons, key=lambda each: each.share_off)
    if worst.share_off:
        raise ConversionError(
            f"the converted model is off on {worst.share_off:.1%} of the {worst.rows} rows (output '{worst.output}', "
            f"worst difference {worst.worst:.3g}, tolerance {tolerance:g}); nothing was written"
        )


def _run(
    runtime: Runtime, signature: Signature, frame: DataFrame, size: int
) -> dict[str, np.ndarray[Any, Any]]:
    """All rows in batches of a size; the small sizes on the first rows only."""
    limit = len(frame) if size == len(frame) else min(len(frame), size * 5)
    parts = [
        runtime.run(tensors_of(signature, frame.iloc[start : start + size]))
        for start in range(0, limit, max(size, 1))
    ]
    return {
        spec.name: np.concatenate([_array(part[spec.name]) for part in parts]) for spec in signature.outputs
    }


def _compared(
    rows: str, output: str, expected: np.ndarray[Any, Any], found: np.ndarray[Any, Any], tolerance: float
) -> Comparison:
    expected = expected[: len(found)]
    if found.ndim == 2 and found.shape[1] == 1 and expected.ndim == 1:
        found = found[:, 0]
    if found.shape != expected.shape:
        raise ConversionError(f"output '{output}' has shape {found.shape}, the original's {expected.shape}")
    if not np.issubdtype(found.dtype, np.floating):
        off = np.array([str(a) != str(b) for a, b in zip(found.tolist(), expected.tolist(), strict=True)])
        return Comparison(rows, output, len(found), float(off.any()), float(off.mean()))
    difference = np.abs(found.astype(np.float64) - expected)
    difference[np.isnan(found) & np.isnan(expected)] = 0
    wrong = ~(difference <= tolerance * (1 + np.abs(expected)))
    off = wrong.reshape(len(wrong), -1).any(axis=1)
    return Comparison(rows, output, len(found), float(np.nanmax(difference)), float(off.mean()))


def _worst(comparisons: Sequence[Comparison]) -> Comparison:
    return max(comparisons, key=lambda each: (each.share_off, each.worst, each.count))


def _numpy_type(spec: TensorSpec) -> Any:
    return object if spec.dtype.family == "string" else np.dtype(spec.dtype.name)


def _tensor(spec: TensorSpec, values: np.ndarray[Any, Any]) -> Tensor:
    if spec.dtype.family == "string":
        return Tensor(spec.dtype, values.shape, [str(value) for value in values.ravel()])
    return Tensor(spec.dtype, values.shape, np.ascontiguousarray(values).tobytes())


def _array(tensor: Tensor) -> np.ndarray[Any, Any]:
    if tensor.dtype.family == "string":
        return np.array(tensor.data, dtype=object).reshape(tensor.shape)
    return np.asarray(tensor)
