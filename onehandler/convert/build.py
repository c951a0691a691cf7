"""From a trained model's file to a verified bundle."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from onehandler.bundle_writer import Draft, write_bundle
from onehandler.convert import converter_for
from onehandler.convert.baseline import baseline_of
from onehandler.convert.parity import compare, require_equal, tensors_of
from onehandler.errors import ConversionError
from onehandler.results import named_rows
from onehandler.runtimes import open_model
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandas import DataFrame

    from onehandler.bundle import Bundle
    from onehandler.convert import Candidate, Conversion
    from onehandler.convert.parity import Comparison

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SAMPLES = 3
TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Order:
    """What to build. Without `holdout`, a fifth of the sample's rows is held out for the comparison."""

    model: Path
    sample: Path
    name: str
    target: Path  # the bundle's folder
    holdout: Path | None = None
    drop: str = ""  # a column of the sample that is no feature (the target)
    version: str = "1"
    tolerance: float = TOLERANCE


@dataclass(frozen=True, slots=True)
class Built:
    """The bundle and how its model compared with the original."""

    bundle: Bundle
    comparisons: Sequence[Comparison]
    note: str
    warnings: Sequence[str]


def build(order: Order, told: Callable[[str], None] = lambda _: None) -> Built:
    """Convert, compare, write. Raises ConversionError, and then nothing has been written."""
    if not _NAME.fullmatch(order.name):
        raise ConversionError("takes lower-case letters, digits and hyphens, at most 63", where="--name")
    train, holdout = _rows(order)
    told("loading the model")
    conversion = converter_for(order.model)(order.model, train)
    train, holdout = train[list(conversion.columns)], holdout[list(conversion.columns)]
    told("converting and comparing")
    candidate, comparisons = _chosen(conversion, {"training": train, "held-out": holdout}, order.tolerance)
    told("writing the bundle")
    draft = _draft(order, conversion, candidate, comparisons, train, holdout)
    return Built(write_bundle(draft, order.target), comparisons, candidate.note, conversion.warnings)


def _rows(order: Order) -> tuple[DataFrame, DataFrame]:
    sample = _read(order.sample, order.drop)
    if order.holdout:
        return sample, _read(order.holdout, order.drop)
    if len(sample) < 5:
        raise ConversionError(
            f"has {len(sample)} rows; at least 5 are needed, or --holdout", where=str(order.sample)
        )
    held = sample.iloc[::5]
    return sample.drop(held.index), held


def _read(path: Path, drop: str) -> DataFrame:
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ConversionError(f"cannot be read as CSV with a header: {error}", where=str(path)) from None
    if frame.empty:
        raise ConversionError("holds no rows", where=str(path))
    if drop and drop not in frame.columns:
        raise ConversionError(f"has no column '{drop}'", where=str(path))
    return frame.drop(columns=[drop]) if drop else frame


def _chosen(
    conversion: Conversion, sets: dict[str, DataFrame], tolerance: float
) -> tuple[Candidate, list[Comparison]]:
    """The first candidate that answers like the original; the last one's ConversionError if none does."""
    failure: ConversionError | None = None
    for make in conversion.candidates:
        try:
            candidate = make()
            comparisons = _compared(conversion, candidate, sets, tolerance)
            if comparisons:
                require_equal(comparisons, tolerance)
        except ConversionError as error:
            failure = failure or error
        else:
            return candidate, comparisons
    assert failure is not None
    raise failure


def _compared(
    conversion: Conversion, candidate: Candidate, sets: dict[str, DataFrame], tolerance: float
) -> list[Comparison]:
    if conversion.expected is None:
        return []
    expected = conversion.expected
    with _opened(candidate) as runtime:
        return [
            comparison
            for name, frame in sets.items()
            for comparison in compare(runtime, candidate.signature, expected(frame), frame, name, tolerance)
        ]


class _opened:  # noqa: N801 - used as a function
    """The candidate's model, open for the length of a with block."""

    def __init__(self, candidate: Candidate) -> None:
        self._content = candidate.model

    def __enter__(self) -> Any:
        self._folder = tempfile.TemporaryDirectory(prefix="onehandler-build-")
        path = Path(self._folder.name, "model.onnx")
        path.write_bytes(self._content)
        self._runtime = open_model("onnx", str(path), threads=1)
        return self._runtime

    def __exit__(self, *_: object) -> None:
        self._runtime.close()
        self._folder.cleanup()


def _draft(
    order: Order,
    conversion: Conversion,
    candidate: Candidate,
    comparisons: Sequence[Comparison],
    train: DataFrame,
    holdout: DataFrame,
) -> Draft:
    return Draft(
        name=order.name,
        version=order.version,
        runtime="onnx",
        model="model.onnx",
        signature=candidate.signature,
        files={"model.onnx": candidate.model},
        source={**conversion.source, "note": candidate.note},
        samples=_samples(candidate, holdout.head(_SAMPLES)),
        baseline=baseline_of(train),
        parity={"tolerance": order.tolerance, "comparisons": [each.to_json() for each in comparisons]},
    )


def _samples(candidate: Candidate, frame: DataFrame) -> dict[str, Any]:
    """A few rows as clients send them, with the predictions they get; none for models without rows."""
    signature = candidate.signature
    if not signature.batched or any(ANY in spec.shape[1:] for spec in signature.inputs):
        return {}
    with _opened(candidate) as runtime:
        outputs = runtime.run(tensors_of(signature, frame))
    rows = [{name: _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
    return {"rows": rows, "predictions": named_rows(signature, outputs)}


def _plain(value: Any) -> Any:
    found = value.item() if hasattr(value, "item") else value
    return None if found != found else found  # noqa: PLR0124 - NaN is a missing value
