"""Each feature's distribution in the training sample, kept in the bundle to tell drift from it later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pandas.api.types import is_bool_dtype, is_numeric_dtype

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_TOP = 20
_QUANTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


def baseline_of(frame: DataFrame) -> dict[str, Any]:
    """Per column: count, missing, and mean, standard deviation and quartiles, or the commonest values."""
    return {str(name): _column(frame[name]) for name in frame.columns}


def _column(column: Series[Any]) -> dict[str, Any]:
    present = column.dropna()
    found: dict[str, Any] = {"count": int(present.size), "missing": int(column.isna().sum())}
    if not present.size:
        return found
    if is_numeric_dtype(column.dtype) and not is_bool_dtype(column.dtype):
        numbers = present.astype(float)
        spread = float(numbers.std(ddof=0))
        quartiles = [float(value) for value in numbers.quantile(list(_QUANTILES))]
        return {**found, "mean": float(numbers.mean()), "std": spread, "quartiles": quartiles}
    top = (
        present.astype(str).value_counts().sort_index().sort_values(ascending=False, kind="stable").head(_TOP)
    )
    return {**found, "top": {str(value): int(count) for value, count in top.items()}}
