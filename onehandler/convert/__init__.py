"""Conversions to ONNX, one file a source framework, each checked against the original.

Adding one is a file here with `convert`, a line in `CONVERTERS` and a test with the real framework.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.convert.packages import advice
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from pandas import DataFrame

    from onehandler.bundle_writer import Content
    from onehandler.signature import Signature

CONVERTERS = {
    ".joblib": "onehandler.convert.sklearn",
    ".pkl": "onehandler.convert.sklearn",
    ".pickle": "onehandler.convert.sklearn",
    ".onnx": "onehandler.convert.onnx",
    ".ort": "onehandler.convert.onnx",
    ".json": "onehandler.convert.xgboost",
    ".ubj": "onehandler.convert.xgboost",
    ".txt": "onehandler.convert.lightgbm",
    ".cbm": "onehandler.convert.catboost",
    ".skops": "onehandler.convert.skops",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to say the model in ONNX; `note` says what was done when it isn't the plain way.

    `weights` are those that the graph says to lie in "model.onnx.data", in the same folder.
    """

    model: bytes
    signature: Signature
    note: str = ""
    weights: Content | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a converter found: candidates from the plainest on, and the original's own answers to rows.

    `columns` are those of the sample that the model takes, in its order. `expected` maps a frame of them to
    named outputs; None when the file is ONNX already, and there is nothing to compare with.
    """

    columns: Sequence[str]
    candidates: Sequence[Callable[[], Candidate]]
    expected: Callable[[DataFrame], Mapping[str, np.ndarray[Any, Any]]] | None
    source: Mapping[str, Any]
    warnings: Sequence[str] = ()


class Converter(Protocol):
    """What each file here offers as `convert`."""

    def __call__(self, path: Path, sample: DataFrame | None) -> Conversion:
        """Read the model; ConversionError says what cannot be converted and what to do.

        `sample` are rows the model was trained on; a converter that cannot do without refuses None.
        """
        ...


def converter_for(path: Path) -> Converter:
    """The converter of a file by its extension; ConversionError lists those there are."""
    module = CONVERTERS.get(path.suffix.lower())
    if module is None:
        raise ConversionError(
            f"no converter for '{path.suffix}' files; there are {', '.join(CONVERTERS)}", where=str(path)
        )
    try:
        found: Converter = import_module(module).convert
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ConversionError(
            f"converting {path.suffix} files needs the package '{package}'; {advice(package)}",
            where=str(path),
        ) from None
    return found
