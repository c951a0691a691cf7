"""What is inside a scikit-learn estimator: its steps by name, and which of them cannot be converted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from skl2onnx import get_model_alias
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator


def last_step(model: Any) -> Any:
    """What answers in the end: the last step of a pipeline, the best estimator of a search."""
    if isinstance(model, Pipeline):
        return last_step(model.steps[-1][1])
    return last_step(model.best_estimator_) if hasattr(model, "best_estimator_") else model


def inside(model: Any) -> Iterator[Any]:
    """The estimator and every estimator it holds, however deep."""
    if isinstance(model, BaseEstimator):
        yield model
        for value in vars(model).values():
            yield from inside(value)
    elif hasattr(model, "estimator"):  # CalibratedClassifierCV wraps its parts in a plain object
        yield from inside(model.estimator)
    elif isinstance(model, dict):
        for value in model.values():
            yield from inside(value)
    elif isinstance(model, (list, tuple)):
        for value in model:
            yield from inside(value)


def refuse_unsupported(model: Any) -> None:
    """Raise ConversionError naming the first step that has no converter, or that converts wrongly."""
    for path, step in _named_steps(model, ""):
        try:
            get_model_alias(type(step))
        except RuntimeError:
            raise ConversionError(
                f"skl2onnx has no converter for it ({type(step).__module__}.{type(step).__qualname__}); use a "
                "scikit-learn estimator in its place, or export the model to ONNX yourself and build from that",
                where=f"step '{path}'" if path else type(step).__name__,
            ) from None
    for step in inside(model):
        categorical = getattr(step, "is_categorical_", None)
        if categorical is not None and np.any(categorical):
            raise ConversionError(
                "with categorical_features converts to a model that answers many rows wrongly; encode the categories "
                "in the pipeline (OrdinalEncoder or OneHotEncoder), leave categorical_features out and fit again",
                where=type(step).__name__,
            )


def _named_steps(model: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every step that skl2onnx converts by its class, with names as scikit-learn writes them: a__b."""
    if isinstance(model, Pipeline):
        parts = list(model.steps)
    elif isinstance(model, FeatureUnion):
        parts = list(model.transformer_list)
    elif isinstance(model, ColumnTransformer):
        parts = [(name, step) for name, step, _ in model.transformers_]
    elif hasattr(model, "best_estimator_"):
        parts = [("best_estimator_", model.best_estimator_)]
    else:
        if isinstance(model, BaseEstimator):
            yield path, model
        return
    for name, step in parts:
        yield from _named_steps(step, f"{path}__{name}" if path else name)
