"""Estimators of other packages that look like scikit-learn's: which file converts which."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterable

# By the first word of a class's module. A file here has `from_model` for what was loaded from a joblib file; one
# whose estimators may stand inside pipelines has `prepare`, `check` and `versions` as well.
_FAMILIES = {
    "catboost": "onehandler.convert.catboost",
    "lightgbm": "onehandler.convert.lightgbm",
    "xgboost": "onehandler.convert.xgboost",
}


def of(model: Any) -> Any:
    """The file that converts a model of another package; None for scikit-learn's own and for unknown ones."""
    module = _FAMILIES.get(type(model).__module__.partition(".")[0])
    return import_module(module) if module else None


def prepare(estimators: Iterable[Any]) -> dict[str, str]:
    """Let skl2onnx know those of other packages; gives their packages' versions.

    Raises ConversionError for one that would be converted wrongly.
    """
    found: dict[str, str] = {}
    for estimator in estimators:
        family = of(estimator) or (
            import_module(estimator.__module__) if estimator.__module__ in _FAMILIES.values() else None
        )
        if family is None:
            continue
        if not hasattr(family, "prepare"):
            raise ConversionError(
                "can be converted alone only, not inside a pipeline; save it without the steps around it",
                where=type(estimator).__name__,
            )
        family.prepare()
        family.check(estimator)
        found |= family.versions()
    return found
