"""scikit-learn in joblib or pickle files → ONNX, through skl2onnx.

Loading such a file executes what is in it: build only from files that you made or trust.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.sklapi import CastTransformer
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from onehandler.convert import Candidate, Conversion, families
from onehandler.convert.graph import (
    as_boolean,
    declare_shapes,
    one_a_row,
    rename_inputs,
    rename_outputs,
    signature_of,
    take_booleans,
    true_types,
)
from onehandler.convert.loading import loaded
from onehandler.convert.sklearn_inputs import (
    SINGLE,
    boolean_columns,
    has_whole_numbers,
    initial_types,
    model_columns,
    refuse_missing_strings,
    takes_one_table,
)
from onehandler.convert.sklearn_outputs import (
    class_labels,
    conversion_options,
    has_uneven_labels,
    output_names,
    own_answers,
)
from onehandler.convert.sklearn_steps import advice_on_differences, inside, last_step, refuse_unsupported
from onehandler.convert.tables import frame_of, of_frames
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx
    from pandas import DataFrame

    from onehandler.convert import Options
    from onehandler.convert.rows import Rows

# The defaults fail for IsolationForest, and for boosters inside pipelines.
_OPSETS = {"": 18, "ai.onnx.ml": 3}


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to convert; the note is for the report."""

    note: str = ""
    double: bool = False
    cast: bool = False  # double inputs to float again, before the last step
    whole_as_floats: bool = False
    booleans_as_whole: bool = False


# Trees of skl2onnx compare in float. A scaler before them that computes in float too puts rows on the other
# side of a threshold, and the answer is another leaf's: so scale in double, then cast.
_CAST = _Way("double inputs, cast to float before the last step", double=True, cast=True)
_DOUBLE = _Way("double inputs", double=True)


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Load the estimator and offer its conversions; see `Converter`."""
    options.require_only()
    model, told = loaded(path)
    return dispatched(model, frame_of(sample), told, str(path))


def dispatched(model: Any, sample: DataFrame | None, told: Sequence[str], where: str) -> Conversion:
    """The conversions of what a file held: boosters and CatBoost have files of their own."""
    family = families.of(model)
    if family is not None and hasattr(family, "from_model"):
        found: Conversion = family.from_model(model, sample)
        return replace(found, warnings=[*told, *found.warnings])
    _require_fitted(model, where)
    return conversion_of(model, sample, told)


def conversion_of(model: Any, sample: DataFrame | None, told: Sequence[str] = ()) -> Conversion:
    """The conversions of a fitted estimator."""
    if sample is None:
        raise ConversionError(
            "is needed: its rows tell the types of the columns, and the answers are compared on them",
            where="--sample",
        )
    output_names(model)  # refuses what has none
    versions = families.prepare([*inside(model), last_step(model)])
    refuse_unsupported(model)
    columns = model_columns(model, sample)
    frame = sample[columns]
    refuse_missing_strings(frame)
    return Conversion(
        columns=columns,
        candidates=[partial(_candidate, model, frame, way) for way in _ways(model, frame)],
        expected=of_frames(partial(own_answers, model)),
        source={
            "framework": "scikit-learn",
            "class": _class_text(model),
            "versions": {name: version(name) for name in ("scikit-learn", "skl2onnx", "onnx")} | versions,
        },
        warnings=told,
        advice=advice_on_differences(model),
    )


def _require_fitted(model: Any, where: str) -> None:
    if not isinstance(model, BaseEstimator):
        raise ConversionError(f"holds a {type(model).__name__}, not a scikit-learn estimator", where=where)
    if not hasattr(model, "predict"):
        raise ConversionError(
            f"{_class_text(model)} has no predict(); end the pipeline in a model", where=where
        )
    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ConversionError(
            f"{_class_text(model)} is not fitted; call fit() before you save it", where=where
        ) from None


def _ways(model: Any, frame: DataFrame) -> list[_Way]:
    """Ways to convert, the plainest first."""
    ways = [_Way(), _CAST, _DOUBLE] if isinstance(model, Pipeline) else [_Way(), _DOUBLE]
    if takes_one_table(model, frame):
        return ways
    if has_whole_numbers(frame):
        # An imputer refuses integers beside floats; and what it imputes may be missing in an integer, too.
        floats = [
            replace(way, note=_joined("whole numbers as floats", way.note), whole_as_floats=True)
            for way in ways
        ]
        ways = [way for pair in zip(ways, floats, strict=True) for way in pair]
    if boolean_columns(frame):
        # skl2onnx's encoders and imputers take no booleans.
        ways += [
            replace(way, note=_joined("booleans as whole numbers", way.note), booleans_as_whole=True)
            for way in ways
        ]
    return ways


def _candidate(model: Any, frame: DataFrame, way: _Way) -> Candidate:
    one_table = takes_one_table(model, frame)
    types = initial_types(frame, one_table, way.double, way.whole_as_floats, way.booleans_as_whole)
    graph = _converted(_with_cast(model) if way.cast else model, types, conversion_options(model))
    rename_inputs(graph, [name for name, _ in types])
    if way.booleans_as_whole:
        take_booleans(graph, boolean_columns(frame))
    names = output_names(model)
    rename_outputs(graph, names)
    shapes = {name: values.shape[1:] for name, values in own_answers(model, frame.head(2)).items()}
    declare_shapes(graph, shapes)
    if has_uneven_labels(model):
        one_a_row(graph, names[0])
    true_types(graph)
    labels = class_labels(model)
    if labels == ("False", "True"):
        as_boolean(graph, names[0])
    columns = {"probabilities": labels, "scores": labels}
    if one_table:
        columns[SINGLE] = tuple(frame.columns)
    missing = {str(name) for name in frame.columns if frame[name].isna().any()}
    nullable = ({SINGLE} if missing else set()) if one_table else missing
    return Candidate(
        graph.SerializeToString(deterministic=True), signature_of(graph, columns, nullable), way.note
    )


def _converted(model: Any, types: Sequence[tuple[str, Any]], options: dict[int, Any]) -> onnx.ModelProto:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on deprecations between the converter and scikit-learn
        try:
            # Without a name the graph gets a random one, and no two builds would have the same digest.
            return convert_sklearn(model, "model", types, target_opset=_OPSETS, options=options)
        except Exception as error:  # noqa: BLE001 - skl2onnx raises whatever its parsers raise
            raise ConversionError(
                f"skl2onnx cannot convert it: {type(error).__name__}: {_first_line(error)}",
                where=_class_text(model),
            ) from None


def _with_cast(pipeline: Pipeline) -> Pipeline:
    """The pipeline with a cast to float before its last step; the fitted steps are shared, not copied."""
    steps = list(pipeline.steps)
    return Pipeline([*steps[:-1], ("onehandler_cast", CastTransformer(dtype=np.float32)), steps[-1]])


def _class_text(model: Any) -> str:
    """For messages and the manifest: "Pipeline of StandardScaler, Ridge"."""
    name = type(model).__name__
    if not isinstance(model, Pipeline):
        return name
    return f"{name} of {', '.join(type(step).__name__ for _, step in model.steps)}"


def _joined(*notes: str) -> str:
    return ", ".join(note for note in notes if note)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
