"""What a scikit-learn estimator takes: its columns in order, and an ONNX type for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from sklearn.compose import ColumnTransformer

from onehandler.convert.sklearn_steps import inside
from onehandler.convert.tables import ONE_TABLE
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pandas import DataFrame, Series

SINGLE = ONE_TABLE


def model_columns(model: Any, sample: DataFrame) -> list[str]:
    """The model's columns in its own order: the names it was fitted with, else the sample's."""
    names = getattr(model, "feature_names_in_", None)
    return columns_of(names, getattr(model, "n_features_in_", len(sample.columns)), sample)


def columns_of(names: Iterable[Any] | None, wanted: int, sample: DataFrame) -> list[str]:
    """The sample's columns of these names, in their order; without names all, which must be `wanted` many."""
    given = [str(name) for name in sample.columns]
    if names is not None:
        found = _as_given([str(name) for name in names], given)
        missing = [f"'{name}'" for name in found if name not in given]
        if missing:
            raise ConversionError(
                f"lacks {len(missing)} of the model's columns: {', '.join(missing[:10])}", where="--sample"
            )
        return found
    if wanted != len(given):
        raise ConversionError(
            f"has {len(given)} columns, the model takes {wanted}; if one is the target, name it with --target",
            where="--sample",
        )
    return given


def _as_given(names: list[str], given: list[str]) -> list[str]:
    """The names as the sample spells them: LightGBM keeps "mean radius" as "mean_radius"."""
    spelled: dict[str, list[str]] = {}
    for name in given:
        spelled.setdefault(re.sub(r"\s+", "_", name), []).append(name)
    return [name if name in given or len(spelled.get(name, ())) != 1 else spelled[name][0] for name in names]


def takes_one_table(model: Any, frame: DataFrame) -> bool:
    """Whether a single [any, n] input does: all numbers, and nobody asks for columns by name."""
    numbers = all(is_numeric_dtype(frame[name]) and not is_bool_dtype(frame[name]) for name in frame.columns)
    by_name = any(
        isinstance(step, ColumnTransformer) and hasattr(step, "feature_names_in_") for step in inside(model)
    )
    return numbers and not by_name


def initial_types(
    frame: DataFrame, one_table: bool, double: bool, whole_as_floats: bool, booleans_as_whole: bool
) -> list[tuple[str, Any]]:
    """skl2onnx's declaration of the inputs."""
    floats = DoubleTensorType if double else FloatTensorType
    if one_table:
        return [(SINGLE, floats([None, len(frame.columns)]))]
    whole = floats if whole_as_floats else Int64TensorType
    booleans = Int64TensorType if booleans_as_whole else BooleanTensorType
    return [
        (str(name), _column_type(frame[name], floats, whole, booleans)([None, 1])) for name in frame.columns
    ]


def refuse_missing_strings(frame: DataFrame) -> None:
    """Raise ConversionError for a column of strings with gaps: ONNX's strings cannot be missing."""
    for name in frame.columns:
        if not is_numeric_dtype(frame[name]) and frame[name].isna().any():
            raise ConversionError(
                f"has {int(frame[name].isna().sum())} empty cells among its strings, and a string cannot be missing "
                "in ONNX; write a word there ('unknown') and fit again",
                where=f"--sample, column '{name}'",
            )


def has_whole_numbers(frame: DataFrame) -> bool:
    """Whether a column would be declared as integers."""
    return any(is_integer_dtype(frame[name]) for name in frame.columns)


def boolean_columns(frame: DataFrame) -> list[str]:
    """The columns that are declared as booleans."""
    return [str(name) for name in frame.columns if is_bool_dtype(frame[name])]


def _column_type(column: Series[Any], floats: Any, whole: Any, booleans: Any) -> Any:
    if is_bool_dtype(column.dtype):
        return booleans
    if is_integer_dtype(column.dtype):  # with a missing value among them they came as floats
        return whole
    return floats if is_numeric_dtype(column.dtype) else StringTensorType
