"""Does the converted model answer like the original? Conversions can be wrong without a word.

Every row is asked in one batch, and the first rows one by one and in sevens: a batch size may be baked in.
A number is off when it differs by more than tolerance * (1 + |expected|), anything else when it differs at all; an
output of a quantized model may differ by a step besides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert.tables import array_of
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onehandler.convert.rows import Answers, Expected, Rows
    from onehandler.runtimes import Runtime
    from onehandler.signature import Signature

    Array = np.ndarray[Any, Any]

_BATCHES = (1, 7)  # besides all rows at once
_BATCHES_OF_EACH = 5


class Different(ConversionError):
    """The converted model answers, but not like the original: `comparisons` say how far off."""

    def __init__(self, message: str, comparisons: Sequence[Comparison] = ()) -> None:
        super().__init__(message)
        self.comparisons = comparisons


@dataclass(frozen=True, slots=True)
class Reference:
    """Rows and the original's answers to them; `name` is "training", "held-out" or "generated"."""

    name: str
    rows: Rows
    expected: Answers


@dataclass(frozen=True, slots=True)
class Comparison:
    """One output on one set of rows, at the batch size where it did worst.

    `worst` is the largest absolute difference (of labels: 0 or 1), `line` the line of the rows' CSV file (of
    arrays the row, from 1) that has it, `share_off` the share of rows beyond the tolerance.
    """

    rows: str
    output: str
    count: int
    batch: int
    worst: float
    line: int
    share_off: float

    def to_json(self) -> dict[str, Any]:
        """For the manifest and for scripts."""
        return asdict(self)


def references(sets: Mapping[str, Rows], expected: Expected) -> list[Reference]:
    """Ask the original once; ConversionError when it cannot answer its own sample."""
    found = []
    for name, rows in sets.items():
        try:
            found.append(Reference(name, rows, expected(rows)))
        except ConversionError:
            raise
        except Exception as error:  # noqa: BLE001 - a model may raise anything
            reason = (str(error).strip().splitlines() or [""])[0][:300]
            raise ConversionError(
                f"the original model cannot answer the {name} rows ({type(error).__name__}: {reason}); give the "
                "columns it was fitted on",
                where="--holdout" if name == "held-out" else "--sample",
            ) from None
    return found


def compare(
    runtime: Runtime,
    signature: Signature,
    reference: Reference,
    tolerance: float,
    slack: Mapping[str, float] = MappingProxyType({}),
) -> list[Comparison]:
    """Ask the converted model, at several batch sizes; one comparison an output. `slack` is as in Candidate."""
    total = len(reference.rows)
    sizes = sorted({size for size in (*_BATCHES, total) if size <= total})
    found = {size: _answers(runtime, signature, reference.rows, size) for size in sizes}
    worst = []
    for spec in signature.outputs:
        step = slack.get(spec.name, 0.0)
        each = [
            _compared(reference, spec.name, size, found[size][spec.name], tolerance, step) for size in sizes
        ]
        worst.append(max(each, key=lambda one: (one.share_off > 0, one.count)))
    return worst


def require_equal(comparisons: Sequence[Comparison], tolerance: float) -> None:
    """Raise Different naming the worst comparison when any row is off."""
    worst = max(comparisons, key=lambda each: each.share_off, default=None)
    if worst is None or not worst.share_off:
        return
    raise Different(
        f"the converted model answers {worst.share_off:.1%} of {worst.count} {worst.rows} rows differently: output "
        f"'{worst.output}' differs by {worst.worst:.3g} on line {worst.line} (batches of {worst.batch}; tolerance "
        f"{tolerance:g}, see --tolerance); nothing was written",
        comparisons,
    )


def _answers(runtime: Runtime, signature: Signature, rows: Rows, size: int) -> Answers:
    """The rows in batches of a size; of the small sizes the first few batches only."""
    limit = min(len(rows), size * _BATCHES_OF_EACH)
    starts = range(0, limit, size)
    parts = [runtime.run(rows.part(start, start + size).tensors(signature)) for start in starts]
    return {
        spec.name: np.concatenate([array_of(part[spec.name]) for part in parts]) for spec in signature.outputs
    }


def _compared(
    reference: Reference, output: str, batch: int, found: Array, tolerance: float, step: float
) -> Comparison:
    expected = reference.expected[output][: len(found)]
    if found.shape == (*expected.shape, 1):
        found = found[..., 0]
    if found.shape != expected.shape:
        raise ConversionError(
            f"has shape {list(found.shape)}, the original's {list(expected.shape)}",
            where=f"output '{output}'",
        )
    difference = _difference(found, expected)
    allowed = np.full(expected.shape, step)
    if found.dtype.kind == "f" and expected.dtype.kind in "biuf":
        # A share of infinity would allow everything.
        allowed += tolerance * (1 + np.abs(np.where(np.isfinite(expected), expected, 0)))
    off = ~(difference <= allowed)
    if found.dtype.kind in "biu" and not step:
        difference = np.minimum(difference, 1)  # labels: how far apart their numbers are means nothing
    by_row = difference.reshape(len(found), -1).max(axis=1, initial=0)
    row = int(np.argmax(by_row))
    share = float(off.reshape(len(found), -1).any(axis=1).mean())
    line = reference.rows.line(row)
    return Comparison(reference.name, output, len(found), batch, float(by_row[row]), line, share)


def _difference(found: Array, expected: Array) -> Array:
    """Absolute differences; infinite where only one is missing, 0 where both are the same infinity or missing."""
    if found.dtype.kind not in "biuf" or expected.dtype.kind not in "biuf":
        pairs = zip(found.ravel().tolist(), expected.ravel().tolist(), strict=True)
        return np.array([float(str(a) != str(b)) for a, b in pairs]).reshape(expected.shape)
    left, right = found.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore"):
        difference = np.abs(left - right)
    difference[(left == right) | (np.isnan(left) & np.isnan(right))] = 0
    difference[np.isnan(difference)] = np.inf
    return difference
