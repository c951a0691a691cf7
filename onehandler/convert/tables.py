"""Tables: CSV files to frames, frames to a model's inputs, inputs to sample rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from onehandler.errors import ConversionError
from onehandler.results import spelled
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame

    from onehandler.signature import Signature, TensorSpec

_MINIMUM = 5  # rows, to hold out one of five


def read_table(path: Path, target: str = "") -> DataFrame:
    """Read a CSV file with a header, without its target column."""
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ConversionError(f"cannot be read as CSV with a header: {reason}", where=str(path)) from None
    if frame.empty:
        raise ConversionError("holds no rows; give a header and some", where=str(path))
    return frame.drop(columns=target, errors="ignore")


def read_sample(path: Path, target: str, holdout: Path | None) -> tuple[DataFrame, DataFrame]:
    """The training rows and the held-out rows: a file of their own, else every fifth of the sample's."""
    sample = read_table(path)
    if target and target not in sample.columns:
        names = ", ".join(f"'{name}'" for name in sample.columns[:12])
        raise ConversionError(
            f"has no column '{target}' to leave out (--target); there are {names}", where=str(path)
        )
    sample = sample.drop(columns=target) if target else sample
    if holdout is not None:
        return sample, read_table(holdout, target)
    if len(sample) < _MINIMUM:
        raise ConversionError(
            f"has {len(sample)} rows; at least {_MINIMUM} are needed, or held-out ones (--holdout)",
            where=str(path),
        )
    held = sample.iloc[::_MINIMUM]
    return sample.drop(index=held.index), held


def all_rows(sets: Mapping[str, DataFrame]) -> DataFrame | None:
    """The rows of all sets, which together tell types and gaps; None when there are none.

    A set that lacks columns is left out here: `chosen_columns` says so in better words.
    """
    frames = list(sets.values())
    whole = [frame[frames[0].columns] for frame in frames if set(frames[0].columns) <= set(frame.columns)]
    return pd.concat(whole) if whole else None


def chosen_columns(frame: DataFrame, columns: Sequence[str], where: str) -> DataFrame:
    """The model's columns in its order; ConversionError names those that are missing."""
    missing = [f"'{name}'" for name in columns if name not in frame.columns]
    if missing:
        raise ConversionError(
            f"lacks {len(missing)} of the model's columns: {', '.join(missing[:10])}", where=where
        )
    return frame[list(columns)]


def tensors_of(signature: Signature, frame: DataFrame) -> dict[str, Tensor]:
    """A frame as the model's inputs: the whole of a single one, else a column an input."""
    if len(signature.inputs) == 1:
        return {spec.name: _tensor(spec, frame) for spec in signature.inputs}
    return {spec.name: _tensor(spec, frame[[spec.name]]) for spec in signature.inputs}


def rows_of(signature: Signature, frame: DataFrame) -> list[Any]:
    """A frame as clients send its rows: objects by column, else by input name; a missing number is null."""
    specs = signature.inputs
    names = specs[0].columns or tuple(spec.name for spec in specs)
    tensors = tensors_of(signature, frame)
    sides = [tensors[spec.name].nested() for spec in specs]
    if len(specs) == 1 and specs[0].columns:
        rows = sides[0]
    else:
        rows = [[_unwrapped(part) for part in row] for row in zip(*sides, strict=True)]
    types = [specs[0].dtype.name] * len(names) if len(specs) == 1 else [spec.dtype.name for spec in specs]
    return [
        {name: _sent(value, dtype) for name, dtype, value in zip(names, types, row, strict=True)}
        for row in rows
    ]


def array_of(tensor: Tensor) -> np.ndarray[Any, Any]:
    """A tensor for numpy; strings as objects."""
    if tensor.dtype.family == "string":
        return np.array(tensor.values(), dtype=object).reshape(tensor.shape)
    return np.asarray(tensor)


def _tensor(spec: TensorSpec, frame: DataFrame) -> Tensor:
    shape = (len(frame),) if len(spec.shape) == 1 else frame.shape
    if spec.dtype.family == "string":
        return Tensor(
            spec.dtype,
            shape,
            [
                "" if value is None or value != value else str(value)  # noqa: PLR0124
                for value in frame.to_numpy(dtype=object).ravel().tolist()
            ],
        )
    values = frame.to_numpy(dtype=np.dtype(spec.dtype.name))
    return Tensor(spec.dtype, shape, np.ascontiguousarray(values).tobytes())


def _unwrapped(part: Any) -> Any:
    return part[0] if isinstance(part, list) and len(part) == 1 else part


def _sent(value: Any, dtype: str) -> Any:
    """A value as JSON; a float32 in its fewest digits, which are read back as the same float32."""
    if isinstance(value, list):
        return [_sent(each, dtype) for each in value]
    if value != value:  # noqa: PLR0124 - only NaN differs from itself
        return None
    return spelled(float(str(np.float32(value))) if dtype == "float32" else value)
