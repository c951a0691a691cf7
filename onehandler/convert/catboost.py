"""CatBoost: .cbm files and wrappers, through its own ONNX export, mended where that answers otherwise.

The export forgets the exponent of Poisson and Tweedie, writes a softmax where one-against-all takes a sigmoid each,
and gives probabilities as a list of maps.
"""

from __future__ import annotations

import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import catboost
import numpy as np
import onnx

from onehandler.convert import Candidate, Conversion
from onehandler.convert.graph import declare_shapes, rename_inputs, rename_outputs, signature_of
from onehandler.convert.onnx_outputs import tensor_outputs
from onehandler.convert.reading import require_readable
from onehandler.convert.sklearn_inputs import SINGLE, columns_of
from onehandler.convert.tables import frame_of, of_frames
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandas import DataFrame

    from onehandler.convert import Options
    from onehandler.convert.rows import Rows

_READ = "import catboost, sys; catboost.CatBoost().load_model(sys.argv[1])"
_CLASSIFYING = ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll")
_EXPONENT = ("Poisson", "Tweedie")
_NUMBERS = ("RMSE", "MAE", "Quantile", "MAPE", "Huber", "Expectile", "Lq", "LogCosh")


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read a .cbm file; see `Converter`."""
    options.require_only()
    require_readable(path, _READ, "CatBoost")
    try:
        model = catboost.CatBoost().load_model(str(path))
    except catboost.CatBoostError as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ConversionError(
            f"cannot be read as a CatBoost model ({reason}); write it with model.save_model", where=str(path)
        ) from None
    return from_model(model, frame_of(sample))


def from_model(model: Any, sample: DataFrame | None) -> Conversion:
    """A model that has been loaded already."""
    if not isinstance(model, catboost.CatBoost):
        raise ConversionError("holds no CatBoost model", where=type(model).__name__)
    if not model.is_fitted():
        raise ConversionError("is not fitted; call fit() before you save it", where=type(model).__name__)
    if sample is None:
        raise ConversionError("is needed: the answers are compared on its rows", where="--sample")
    loss = _loss(model)
    model = _wrapped(model, loss)
    if loss in _CLASSIFYING:
        _refuse_threshold(model)
    names = [str(name) for name in model.feature_names_]
    nameless = names == [str(place) for place in range(len(names))]
    columns = columns_of(None if nameless else names, len(names), sample)
    return Conversion(
        columns=columns,
        candidates=[partial(_candidate, model, loss, sample[columns])],
        expected=of_frames(partial(_own_answers, model, loss)),
        source={
            "framework": "catboost",
            "class": f"{type(model).__name__} ({loss})",
            "versions": {name: version(name) for name in ("catboost", "onnx")},
        },
    )


def _loss(model: Any) -> str:
    told = str(model.get_all_params().get("loss_function", "")).partition(":")[0]
    known = (*_CLASSIFYING, *_EXPONENT, *_NUMBERS)
    if told not in known:
        raise ConversionError(
            f"has the loss function {told or 'of your own'!r:.60}; known are {', '.join(known)}",
            where=type(model).__name__,
        )
    features = model.get_cat_feature_indices() + model.get_text_feature_indices()
    if features or model.get_embedding_feature_indices():
        raise ConversionError(
            "was fitted with categorical, text or embedding features, which its export cannot write; encode them as "
            "numbers in front (OrdinalEncoder, OneHotEncoder) and fit again",
            where=type(model).__name__,
        )
    return told


def _refuse_threshold(model: Any) -> None:
    threshold = model.get_probability_threshold() if len(model.classes_) == 2 else 0.5
    if threshold is not None and abs(threshold - 0.5) > 1e-9:
        raise ConversionError(
            f"has a probability threshold of {threshold:g}, which its export forgets; save it without one and compare "
            "the probabilities where they arrive",
            where=type(model).__name__,
        )


def _wrapped(model: Any, loss: str) -> Any:
    """As the class whose predict() people know: labels for classifiers, the exponent for counts."""
    kind = catboost.CatBoostClassifier if loss in _CLASSIFYING else catboost.CatBoostRegressor
    if isinstance(model, kind):
        return model
    return kind().load_model(blob=model._serialize_model())  # noqa: SLF001 - the bytes of save_model


def _own_answers(model: Any, loss: str, frame: DataFrame) -> Mapping[str, np.ndarray[Any, Any]]:
    rows = frame.to_numpy(dtype=np.float64)
    if loss not in _CLASSIFYING:
        # A .cbm file forgets that its regressor gave the exponent.
        kind = "Exponent" if loss in _EXPONENT else "RawFormulaVal"
        return {"prediction": np.asarray(model.predict(rows, prediction_type=kind))}
    return {
        "label": np.asarray(model.predict(rows)).ravel(),
        "probabilities": np.asarray(model.predict_proba(rows)),
    }


def _candidate(model: Any, loss: str, frame: DataFrame) -> Candidate:
    graph = _exported(model)
    tensor_outputs(graph)
    if loss in _EXPONENT:
        _exponent(graph)
    if loss == "MultiClassOneVsAll":
        _sigmoids(graph)
    answers = _own_answers(model, loss, frame.head(2))
    rename_inputs(graph, [SINGLE])
    rename_outputs(graph, list(answers))
    shape = graph.graph.input[0].type.tensor_type.shape
    del shape.dim[:]
    shape.dim.add()
    shape.dim.add(dim_value=len(frame.columns))
    # The export declares [N] for a regression, and gives [N, 1].
    shapes = {name: values.shape[1:] for name, values in answers.items()}
    declare_shapes(graph, shapes | ({"prediction": (1,)} if "prediction" in shapes else {}))
    labels = tuple(str(each) for each in getattr(model, "classes_", ()))
    columns = {SINGLE: tuple(str(name) for name in frame.columns), "probabilities": labels}
    nullable = [SINGLE] if bool(frame.isna().any(axis=None)) else []
    signature = signature_of(graph, columns, nullable)
    return Candidate(graph.SerializeToString(deterministic=True), signature)


def _exported(model: Any) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory(prefix="onehandler-catboost-") as folder:
        path = Path(folder, "model.onnx")
        try:
            model.save_model(str(path), format="onnx", export_parameters={"onnx_graph_name": "model"})
        except catboost.CatBoostError as error:
            reason = str(error).partition(": ")[2] or str(error)
            raise ConversionError(
                f"CatBoost cannot export it: {reason.strip()[:200]}; it takes symmetric trees "
                "(grow_policy='SymmetricTree') and classes that are whole numbers or strings",
                where=type(model).__name__,
            ) from None
        return onnx.load(path)


def _exponent(graph: onnx.ModelProto) -> None:
    (output,) = graph.graph.output
    for node in graph.graph.node:
        node.output[:] = ["logarithm" if name == output.name else name for name in node.output]
    graph.graph.node.append(onnx.helper.make_node("Exp", ["logarithm"], [output.name]))
    if not any(not each.domain for each in graph.opset_import):
        graph.opset_import.append(onnx.helper.make_opsetid("", 13))


def _sigmoids(graph: onnx.ModelProto) -> None:
    for node in graph.graph.node:
        for attribute in node.attribute:
            if attribute.name == "post_transform":
                attribute.s = b"LOGISTIC"
