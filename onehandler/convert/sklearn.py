"""scikit-learn in joblib or pickle files → ONNX, through skl2onnx.

Loading such a file executes what is in it: build only from files that you made or trust.
"""

from __future__ import annotations

import copy
import warnings
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
from pandas.api.types import is_bool_dtype, is_integer_dtype, is_numeric_dtype
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import (
    BooleanTensorType,
    DoubleTensorType,
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
)
from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator
from skl2onnx.sklapi import CastTransformer
from sklearn.base import BaseEstimator, is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from onehandler.convert import Candidate, Conversion
from onehandler.convert.graph import rename_outputs, signature_of
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pandas import DataFrame, Series

# The defaults fail for IsolationForest, and for boosters inside pipelines.
_OPSETS = {"": 18, "ai.onnx.ml": 3}
_INPUT = "features"


def convert(path: Path, sample: DataFrame) -> Conversion:
    """Load the estimator and offer its conversions; see `Converter`."""
    model, told = _loaded(path)
    _refuse_silently_wrong(model)
    columns = _columns(model, sample)
    frame = sample[columns]
    outputs = _output_names(model)
    ways: list[tuple[Any, str]] = [(np.float32, ""), (np.float64, "double inputs")]
    if isinstance(model, Pipeline) and len(model.steps) > 1:
        ways.append((np.float64, "double inputs, cast to float before the last step"))
    return Conversion(
        columns=columns,
        candidates=[partial(_candidate, model, frame, outputs, floats, note) for floats, note in ways],
        expected=partial(_expected, model),
        source={
            "framework": "scikit-learn",
            "class": type(model).__name__,
            "versions": {name: version(name) for name in ("scikit-learn", "skl2onnx", "onnx")},
        },
        warnings=told,
    )


def _loaded(path: Path) -> tuple[Any, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = joblib.load(path)
        except ModuleNotFoundError as error:
            raise ConversionError(
                f"needs the package '{error.name}', which is not installed here", where=str(path)
            ) from None
        except Exception as error:  # noqa: BLE001 - a pickle may raise anything
            raise ConversionError(
                f"cannot be loaded ({type(error).__name__}: {error}); is it a joblib file, from a scikit-learn "
                f"like {version('scikit-learn')}?",
                where=str(path),
            ) from None
    if not isinstance(model, BaseEstimator) or not hasattr(model, "predict"):
        raise ConversionError(
            f"holds a {type(model).__name__}, not a fitted scikit-learn estimator with predict()",
            where=str(path),
        )
    return model, sorted({str(each.message).splitlines()[0] for each in caught})


def _steps(model: Any) -> list[Any]:
    return [step for _, step in model.steps] if isinstance(model, Pipeline) else [model]


def _refuse_silently_wrong(model: Any) -> None:
    """Refuse what skl2onnx converts without a word and wrongly."""
    for step in _steps(model):
        categorical = getattr(step, "is_categorical_", None)
        if categorical is not None and np.any(categorical):
            raise ConversionError(
                f"{type(step).__name__} with categorical_features converts to a model that answers half the rows "
                "wrongly; encode the categories in the pipeline (OrdinalEncoder) and fit again"
            )


def _columns(model: Any, sample: DataFrame) -> list[str]:
    """The model's columns in its own order: the names it was fitted with, else the sample's."""
    names = getattr(model, "feature_names_in_", None)
    given = [str(name) for name in sample.columns]
    if names is not None:
        missing = [str(name) for name in names if name not in given]
        if missing:
            raise ConversionError(
                f"the sample lacks {len(missing)} columns of the model: {', '.join(missing[:10])}"
            )
        return [str(name) for name in names]
    wanted = getattr(model, "n_features_in_", len(given))
    if wanted != len(given):
        raise ConversionError(
            f"the model takes {wanted} columns, the sample has {len(given)}; name the target with --target"
        )
    return given


def _candidate(model: Any, frame: DataFrame, outputs: Sequence[str], floats: Any, note: str) -> Candidate:
    converted = _with_cast(model) if "cast" in note else model
    try:
        graph = convert_sklearn(
            converted,
            initial_types=_initial_types(converted, frame, floats),
            target_opset=_OPSETS,
            options=_options(model),
        )
    except (MissingConverter, MissingShapeCalculator) as error:
        raise ConversionError(f"has a step that skl2onnx cannot convert: {_first_line(error)}") from None
    except Exception as error:  # noqa: BLE001 - skl2onnx raises whatever its parsers raise
        raise ConversionError(f"skl2onnx failed: {type(error).__name__}: {_first_line(error)}") from None
    graph = rename_outputs(graph, outputs)
    classes = getattr(model, "classes_", None) if is_classifier(model) else None
    labels = {"probabilities": tuple(str(label) for label in classes)} if classes is not None else {}
    if len(graph.graph.input) == 1 and len(frame.columns) > 1:
        labels[_INPUT] = tuple(frame.columns)
    missing = {str(name) for name in frame.columns if frame[name].isna().any()}
    nullable = missing if len(graph.graph.input) > 1 else ({_INPUT} if missing else set())
    return Candidate(graph.SerializeToString(deterministic=True), signature_of(graph, labels, nullable), note)


def _with_cast(pipeline: Pipeline) -> Pipeline:
    """Trees compare in float; a scaler before them computes in double. So does this one."""
    steps = list(copy.deepcopy(pipeline).steps)
    return Pipeline([*steps[:-1], ("onehandler_cast", CastTransformer(dtype=np.float32)), steps[-1]])


def _initial_types(model: Any, frame: DataFrame, floats: Any) -> list[tuple[str, Any]]:
    """One input for a frame of numbers, else one a column, each in its own type."""
    wide = DoubleTensorType if floats is np.float64 else FloatTensorType
    numeric = all(is_numeric_dtype(frame[name]) for name in frame.columns)
    if numeric and not _selects_by_name(model):
        return [(_INPUT, wide([None, len(frame.columns)]))]
    return [(str(name), _column_type(frame[name], wide)) for name in frame.columns]


def _selects_by_name(model: Any) -> bool:
    """Whether a column transformer asks for columns by their names."""
    return any(
        isinstance(step, ColumnTransformer) and getattr(step, "feature_names_in_", None) is not None
        for step in _steps(model)
    )


def _column_type(column: Series[Any], wide: Callable[[list[Any]], Any]) -> Any:
    if is_bool_dtype(column.dtype):
        return BooleanTensorType([None, 1])
    if is_integer_dtype(column.dtype) and not column.isna().any():
        return Int64TensorType([None, 1])
    if is_numeric_dtype(column.dtype):
        return wide([None, 1])
    return StringTensorType([None, 1])


def _options(model: Any) -> dict[Any, Any]:
    """Tensors only: no list of maps for probabilities; plain scores where there are no probabilities."""
    if not is_classifier(model):
        return {}
    options: dict[str, Any] = {"zipmap": False}
    if not hasattr(model, "predict_proba") and hasattr(model, "decision_function"):
        options["raw_scores"] = True
    return {id(model): options}


def _output_names(model: Any) -> list[str]:
    """Names for the model's outputs in skl2onnx's order."""
    if is_classifier(model):
        return ["label", "probabilities" if hasattr(model, "predict_proba") else "scores"]
    if is_outlier_detector(model):
        return ["label", "scores"]
    if is_clusterer(model):
        return ["cluster", "distances"]
    if is_regressor(model):
        return ["prediction"]
    raise ConversionError(
        f"{type(model).__name__} is no classifier, regressor, clusterer or outlier detector"
    )


def _expected(model: Any, frame: DataFrame) -> Mapping[str, np.ndarray[Any, Any]]:
    """The original's own answers, by the names that the converted model's outputs have."""
    rows = frame if getattr(model, "feature_names_in_", None) is not None else frame.to_numpy()
    names = _output_names(model)
    found = {names[0]: np.asarray(model.predict(rows))}
    methods = {"probabilities": "predict_proba", "scores": "decision_function", "distances": "transform"}
    for name in names[1:]:
        found[name] = np.asarray(getattr(model, methods[name])(rows))
    return found


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
