"""What a scikit-learn estimator answers: tidy output names, class labels, and its own answers to rows.

| estimator | outputs |
| --- | --- |
| classifier | label, probabilities (by class); scores (by class) where it has no probabilities |
| regressor | prediction |
| clusterer | cluster, distances |
| outlier detector | label (1 or -1), score |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.svm import LinearSVC

from onehandler.convert.sklearn_steps import inside, last_step
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame

_METHODS = {
    "probabilities": "predict_proba",
    "scores": "decision_function",
    "score": "decision_function",
    "distances": "transform",
}


_SCORED = ("OneVsOneClassifier",)  # gives its scores, and knows no option to do so
# skl2onnx gives their labels as a column or a row.
_UNEVEN = ("OneVsOneClassifier", "QuadraticDiscriminantAnalysis")


def has_uneven_labels(model: Any) -> bool:
    """Whether the converted model's labels have another shape than one a row."""
    return _class_of(model) in _UNEVEN


def output_names(model: Any) -> list[str]:
    """Names for the outputs, in the order that skl2onnx gives them."""
    if is_classifier(model):
        if isinstance(model.classes_, list):
            raise ConversionError(
                "predicts several targets at once; fit one classifier a target", where=_class_of(model)
            )
        if not hasattr(model, "predict_proba") and not hasattr(model, "decision_function"):
            raise ConversionError(
                "has neither predict_proba nor decision_function; a VotingClassifier takes voting='soft'",
                where=_class_of(model),
            )
        return ["label", "probabilities" if hasattr(model, "predict_proba") else "scores"]
    if is_outlier_detector(model):
        return ["label", "score"]
    if is_clusterer(model):
        return ["cluster", "distances"]
    if is_regressor(model):
        return ["prediction"]
    raise ConversionError(
        "is no classifier, regressor, clusterer or outlier detector; end the pipeline in one",
        where=_class_of(model),
    )


def class_labels(model: Any) -> tuple[str, ...]:
    """The classes in the order of the probabilities; empty for models that have none."""
    if not is_classifier(model):
        return ()
    return tuple(_label(each) for each in np.asarray(model.classes_).tolist())


def own_answers(model: Any, frame: DataFrame) -> Mapping[str, np.ndarray[Any, Any]]:
    """The original's answers to rows, by output name."""
    rows = frame if hasattr(model, "feature_names_in_") else frame.to_numpy()
    names = output_names(model)
    found = {names[0]: np.asarray(model.predict(rows))}
    for name in names[1:]:
        values = np.asarray(getattr(model, _METHODS[name])(rows))
        # Of two classes decision_function scores the second; the converted model scores both.
        found[name] = np.stack([-values, values], axis=1) if name == "scores" and values.ndim == 1 else values
    return found


def conversion_options(model: Any) -> dict[int, dict[str, bool]]:
    """skl2onnx's options by estimator: tensors, not lists of maps; plain scores where no probabilities are.

    They go to the classifiers themselves: on a pipeline they break LinearSVC, which has no option zipmap.
    """
    options: dict[int, dict[str, bool]] = {}
    for step in inside(model):
        if not is_classifier(step) or step is not last_step(step):
            continue
        options[id(step)] = {} if isinstance(step, LinearSVC) else {"zipmap": False}
        if (
            step is last_step(model)
            and not hasattr(step, "predict_proba")
            and type(step).__name__ not in _SCORED
        ):
            options[id(step)]["raw_scores"] = True
    return options


def _class_of(model: Any) -> str:
    return type(last_step(model)).__name__


def _label(value: Any) -> str:
    """As the converted model writes it: whole floats become integers there."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
