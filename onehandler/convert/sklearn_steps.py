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


# Those whose converted models ONNX Runtime cannot run.
_UNRUN = {
    "RadiusNeighborsClassifier": "KNeighborsClassifier(algorithm='brute')",
    "RadiusNeighborsRegressor": "KNeighborsRegressor(algorithm='brute')",
}
_NEIGHBOURS = ("KNeighborsClassifier", "KNeighborsRegressor")


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
        _refuse_wrong(step)


def advice_on_differences(model: Any) -> str:
    """What to do where the converted model answers otherwise, for estimators that are known for it."""
    for step in inside(model):
        if type(step).__name__ in _NEIGHBOURS and step.weights != "uniform":
            return (
                f"{type(step).__name__} with weights={step.weights!r:.40} divides by a distance of zero at the rows it "
                "was fitted on; fit it with weights='uniform'"
            )
        if type(step).__name__ in _NEIGHBOURS:
            return (
                f"of neighbours that are equally far, {type(step).__name__} takes others than ONNX does; fit it with "
                "algorithm='brute', and without rows that come twice"
            )
    return ""


def _refuse_wrong(step: Any) -> None:
    """Raise ConversionError for an estimator whose conversion is known to go wrong."""
    name = type(step).__name__
    if name in _UNRUN:
        raise ConversionError(
            f"converts to a model that ONNX Runtime cannot run; fit {_UNRUN[name]} in its place", where=name
        )
    if name == "GaussianProcessClassifier" and len(step.classes_) > 2:
        raise ConversionError(
            f"has {len(step.classes_)} classes, and skl2onnx converts it for two; fit SVC(probability=True) in its "
            "place",
            where=name,
        )
    if name == "OneVsOneClassifier" and len(step.classes_) == 2:
        raise ConversionError(
            "has two classes, for which it is no more than its estimator; fit that alone", where=name
        )
    if name == "OneVsOneClassifier" and step.classes_.tolist() != list(range(len(step.classes_))):
        raise ConversionError(
            "converts to a model that gives the classes' places and not their names; number the classes from 0 "
            "(LabelEncoder) and fit again",
            where=name,
        )
    categorical = getattr(step, "is_categorical_", None)
    if categorical is not None and np.any(categorical):
        raise ConversionError(
            "with categorical_features converts to a model that answers many rows wrongly; encode the categories "
            "in the pipeline (OrdinalEncoder or OneHotEncoder), leave categorical_features out and fit again",
            where=name,
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
