"""Tables: CSV files to frames, frames to a model's inputs, inputs to sample rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype

from onehandler.convert.baseline import baseline_of
from onehandler.convert.rows import EVERY
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError
from onehandler.results import spelled
from onehandler.signature import ANY, TensorSpec
from onehandler.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame, Series

    from onehandler.convert.rows import Answers, Expected, Rows, Taking
    from onehandler.signature import Signature


ONE_TABLE = "features"  # the input of a model of numbers only


@dataclass(frozen=True, slots=True)
class Table:
    """A frame's rows. Implements onehandler.convert.rows.Rows."""

    frame: DataFrame

    @property
    def names(self) -> Sequence[str]:
        """Its columns."""
        return [str(name) for name in self.frame.columns]

    def __len__(self) -> int:
        return len(self.frame)

    def part(self, start: int, stop: int) -> Table:
        """See Rows."""
        return Table(self.frame.iloc[start:stop])

    def split(self) -> tuple[Table, Table]:
        """See Rows."""
        if len(self) < EVERY:
            raise ConversionError(
                f"has {len(self)} rows; at least {EVERY} are needed, or held-out ones (--holdout)",
                where="--sample",
            )
        held = self.frame.iloc[::EVERY]
        return Table(self.frame.drop(index=held.index)), Table(held)

    def joined(self, others: Sequence[Rows]) -> Table:
        """See Rows."""
        columns = self.frame.columns
        frames = [each.frame for each in others if isinstance(each, Table)]
        return Table(
            pd.concat([self.frame, *(each[columns] for each in frames if set(columns) <= set(each))])
        )

    def chosen(self, names: Sequence[str], where: str) -> Table:
        """See Rows."""
        missing = [f"'{name}'" for name in names if name not in self.frame.columns]
        if missing:
            raise ConversionError(
                f"lacks {len(missing)} of the model's columns: {', '.join(missing[:10])}", where=where
            )
        return Table(self.frame[list(names)])

    def without(self, name: str, where: str) -> Table:
        """See Rows."""
        if name not in self.frame.columns:
            names = ", ".join(f"'{each}'" for each in self.frame.columns[:12])
            raise ConversionError(
                f"has no column '{name}' to leave out (--target); there are {names}", where=where
            )
        return Table(self.frame.drop(columns=name))

    def tensors(self, signature: Taking) -> dict[str, Tensor]:
        """See Rows: the whole table for an only input, else a column an input."""
        if len(signature.inputs) == 1:
            return {spec.name: _tensor(spec, self.frame) for spec in signature.inputs}
        return {spec.name: _tensor(spec, self.frame[[spec.name]]) for spec in signature.inputs}

    def sent(self, signature: Signature) -> list[Any]:
        """See Rows: objects by column, else by input name; a missing number is null."""
        return _rows_of(signature, self.tensors(signature))

    def line(self, row: int) -> int:
        """See Rows: after the header, counted from 1."""
        return int(self.frame.index[row]) + 2

    def baseline(self) -> dict[str, Any]:
        """See Rows."""
        return baseline_of(self.frame)


def input_specs(frame: DataFrame) -> list[TensorSpec]:
    """Inputs for rows like these: one of all columns where they are numbers, else one a column."""
    missing = frame.isna().any()
    kinds = {str(name): _kind(frame[name]) for name in frame.columns}
    if set(kinds.values()) <= {"float64", "int64"}:
        names = tuple(kinds)
        return [TensorSpec(ONE_TABLE, dtype_named("float64"), (ANY, len(names)), names, bool(missing.any()))]
    return [
        TensorSpec(name, dtype_named(kind), (ANY, 1), nullable=kind == "float64" and bool(missing[name]))
        for name, kind in kinds.items()
    ]


def _kind(column: Series[Any]) -> str:
    if is_bool_dtype(column.dtype):
        return "bool"
    if is_integer_dtype(column.dtype):
        return "int64"
    return "float64" if is_numeric_dtype(column.dtype) else "string"


def frame_of(rows: Rows | None) -> DataFrame | None:
    """The frame of a sample, for models of tables; ConversionError for arrays."""
    if rows is None:
        return None
    if not isinstance(rows, Table):
        raise ConversionError("must be a table here: CSV with a header of feature names", where="--sample")
    return rows.frame


def of_frames(expected: Callable[[DataFrame], Answers]) -> Expected:
    """Let what answers frames answer rows."""

    def answer(rows: Rows) -> Answers:
        frame = frame_of(rows)
        assert frame is not None, "rows were given"
        return expected(frame)

    return answer


def read_table(path: Path) -> Table:
    """Read a CSV file with a header."""
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ConversionError(f"cannot be read as CSV with a header: {reason}", where=str(path)) from None
    if frame.empty:
        raise ConversionError("holds no rows; give a header and some", where=str(path))
    return Table(frame)


def _rows_of(signature: Signature, tensors: Mapping[str, Tensor]) -> list[Any]:
    specs = signature.inputs
    names = specs[0].columns or tuple(spec.name for spec in specs)
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
