"""scikit-learn estimators that no converter takes, kept as they are (onehandler.runtimes.joblib)."""

from __future__ import annotations

from functools import partial
from importlib.metadata import packages_distributions, version
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector

from onehandler.convert import Candidate, Conversion
from onehandler.convert.loading import loaded
from onehandler.convert.sklearn_inputs import model_columns, refuse_missing_strings
from onehandler.convert.sklearn_outputs import class_labels
from onehandler.convert.sklearn_steps import inside, last_step
from onehandler.convert.tables import frame_of, input_specs, of_frames
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError
from onehandler.runtimes.arrays import both_classes, dtype_text
from onehandler.runtimes.joblib import SKOPS
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame

    from onehandler.convert.rows import Rows

    Array = np.ndarray[Any, Any]


def keep(path: Path, sample: Rows | None, reason: str) -> Conversion:
    """A conversion that converts nothing; `reason` is why none is possible. ConversionError."""
    model, told, trust = _read(path)
    frame = frame_of(sample)
    if frame is None:
        raise ConversionError("is needed: its rows tell the types of the columns", where="--sample")
    frame = frame[model_columns(model, frame)]
    refuse_missing_strings(frame)
    answers = partial(_answers, model, _methods(model))
    return Conversion(
        columns=[str(name) for name in frame.columns],
        candidates=[partial(_candidate, path, model, frame, reason, trust)],
        expected=of_frames(answers),
        source={
            "framework": "scikit-learn",
            "class": type(last_step(model)).__name__,
            "versions": _packages(model),
        },
        warnings=told,
    )


def _read(path: Path) -> tuple[Any, Sequence[str], dict[str, Any]]:
    """The estimator, what was warned of, and what its manifest has to say of trust."""
    if path.suffix.lower() != SKOPS:
        model, told = loaded(path)
        return model, told, {"allow_pickle": True}
    from onehandler.convert.skops import read  # the package is needed for such files alone

    model, types = read(path)
    return model, (), {"trusted": types}


def _candidate(path: Path, model: Any, frame: DataFrame, reason: str, trust: Mapping[str, Any]) -> Candidate:
    methods = _methods(model)
    answers = _answers(model, methods, frame.head(2))
    labels = class_labels(model) if {"probabilities", "scores"} & methods.keys() else ()
    columns = {"probabilities": labels, "scores": labels}
    return Candidate(
        model=path.read_bytes(),
        signature=Signature(
            input_specs(frame),
            [_output(name, values, columns.get(name, ())) for name, values in answers.items()],
        ),
        note=f"kept as it is: {reason}",
        name=f"model{SKOPS}" if "trusted" in trust else "model.joblib",
        runtime="joblib",
        members={
            **trust,
            "requires": _packages(model) | ({"skops": version("skops")} if "trusted" in trust else {}),
            "methods": methods,
            "frames": hasattr(model, "feature_names_in_"),
        },
    )


def _methods(model: Any) -> dict[str, str]:
    """What it is asked, by output name."""
    several = isinstance(getattr(model, "classes_", None), list)  # targets, each with its probabilities
    if is_classifier(model) and not several:
        for name, method in (("probabilities", "predict_proba"), ("scores", "decision_function")):
            if hasattr(model, method):
                return {"label": "predict", name: method}
        return {"label": "predict"}
    if is_outlier_detector(model):
        return {"label": "predict", "score": "decision_function"}
    if is_clusterer(model):
        return {"cluster": "predict"}
    if not hasattr(model, "predict"):
        raise ConversionError("has no predict(); end the pipeline in a model", where=type(model).__name__)
    return {"prediction": "predict"}


def _answers(model: Any, methods: Mapping[str, str], frame: DataFrame) -> dict[str, Array]:
    rows = frame if hasattr(model, "feature_names_in_") else frame.to_numpy()
    found = {name: np.asarray(getattr(model, method)(rows)) for name, method in methods.items()}
    return {name: both_classes(values) if name == "scores" else values for name, values in found.items()}


def _output(name: str, values: Array, columns: tuple[str, ...]) -> TensorSpec:
    return TensorSpec(
        name, dtype_named(dtype_text(values, f"output '{name}'")), (ANY, *values.shape[1:]), columns
    )


def _packages(model: Any) -> dict[str, str]:
    """The packages that the estimator's classes come from, with their versions.

    Raises ConversionError for classes of no installed package: a bundle wouldn't bring them along.
    """
    distributions = packages_distributions()
    found = {name: version(name) for name in ("joblib", "numpy", "scikit-learn")}
    for step in [*inside(model), last_step(model)]:
        top = type(step).__module__.partition(".")[0]
        if top not in distributions:
            raise ConversionError(
                f"is defined in {type(step).__module__}, which no installed package has, so that the bundle would not "
                "load elsewhere; make it part of a package, or write a model.py and build it with --allow-code",
                where=type(step).__name__,
            )
        name = distributions[top][0]
        found[name] = version(name)
    if hasattr(model, "feature_names_in_"):
        found["pandas"] = version("pandas")
    return dict(sorted(found.items()))
