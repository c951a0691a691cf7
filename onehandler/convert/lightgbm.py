"""LightGBM: boosters in .txt, and the scikit-learn wrappers, alone or inside pipelines."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from onehandler.convert.reading import require_readable
from onehandler.convert.sklearn import conversion_of
from onehandler.convert.tables import frame_of
from onehandler.convert.trees import Ensemble, Leaf, Split, register
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path

    from pandas import DataFrame

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows

_IDENTITY = ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg")
_LINKS = {
    **dict.fromkeys(_IDENTITY, "identity"),
    **dict.fromkeys(("poisson", "gamma", "tweedie"), "exp"),
    "cross_entropy": "sigmoid",
    "cross_entropy_lambda": "log1p_exp",
    "binary": "binary",
    "multiclass": "softmax",
    "multiclassova": "sigmoid",
}
_READ = "import lightgbm, sys; lightgbm.Booster(model_file=sys.argv[1])"
_CLASSIFYING = ("binary", "multiclass", "multiclassova")
_NAMELESS = "Column_"  # what LightGBM calls columns that came without names


class _FromFile(BaseEstimator):  # type: ignore[misc]
    """A booster as a fitted estimator."""

    def __init__(self, booster_: Any) -> None:
        self.booster_ = booster_
        self.n_features_in_ = booster_.num_feature()
        names = booster_.feature_name()
        if not all(name == f"{_NAMELESS}{place}" for place, name in enumerate(names)):
            self.feature_names_in_ = np.array(names, dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def raw(self, rows: Any) -> np.ndarray[Any, Any]:
        """The booster's own answers."""
        return np.asarray(self.booster_.predict(np.asarray(rows)))


class BoosterRegressor(RegressorMixin, _FromFile):  # type: ignore[misc]
    """A booster that answers numbers."""

    def predict(self, rows: Any) -> np.ndarray[Any, Any]:
        """Answers by row: [rows]."""
        return self.raw(rows)


class BoosterClassifier(ClassifierMixin, _FromFile):  # type: ignore[misc]
    """A booster that answers probabilities; its classes are numbers from 0, for the file keeps no names."""

    def __init__(self, booster_: Any) -> None:
        super().__init__(booster_)
        self.classes_ = np.arange(max(2, booster_.num_model_per_iteration()))

    def predict_proba(self, rows: Any) -> np.ndarray[Any, Any]:
        """Answers by row and class: [rows, classes]."""
        found = self.raw(rows)
        return found if found.ndim == 2 else np.stack([1 - found, found], axis=1)

    def predict(self, rows: Any) -> np.ndarray[Any, Any]:
        """Answers by row: [rows]."""
        found: np.ndarray[Any, Any] = self.classes_[np.argmax(self.predict_proba(rows), axis=1)]
        return found


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read a booster's file; see `Converter`."""
    options.require_only()
    require_readable(path, _READ, "LightGBM")
    try:
        booster = lightgbm.Booster(model_file=path)
    except lightgbm.basic.LightGBMError as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ConversionError(
            f"cannot be read as a LightGBM model ({reason}); write it with booster.save_model",
            where=str(path),
        ) from None
    return from_model(booster, frame_of(sample))


def from_model(model: Any, sample: DataFrame | None) -> Conversion:
    """A booster or a wrapper that has been loaded already."""
    if isinstance(model, lightgbm.LGBMRanker):
        model = model.booster_  # it answers one score a row, like a regressor
    if isinstance(model, lightgbm.Booster):
        kind = BoosterClassifier if _objective(model.dump_model())[0] in _CLASSIFYING else BoosterRegressor
        model = kind(model)
    return conversion_of(model, sample)


def prepare() -> None:
    """Teach skl2onnx the wrappers."""
    for kind in (lightgbm.LGBMClassifier, lightgbm.LGBMRegressor, BoosterClassifier, BoosterRegressor):
        register(kind, ensemble_of)


def versions() -> dict[str, str]:
    """For the manifest."""
    return {"lightgbm": version("lightgbm")}


def check(model: Any) -> None:
    """Raise ConversionError for what cannot be said in ONNX as LightGBM evaluates it."""
    ensemble_of(model)


def ensemble_of(model: Any) -> Ensemble:
    """The trees that answer, up to the best iteration where training stopped early."""
    where, found = type(model).__name__, model.booster_.dump_model()
    if found.get("pandas_categorical"):
        raise ConversionError(
            "was fitted on pandas categories, which clients cannot send; encode them as whole numbers "
            "(OrdinalEncoder), name the columns in categorical_feature and fit again",
            where=where,
        )
    name, words = _objective(found)
    if name not in _LINKS:
        raise ConversionError(
            f"has the objective {name or 'of your own'!r:.60}; known are {', '.join(sorted(_LINKS))}",
            where=where,
        )
    groups = found["num_tree_per_iteration"]
    trees = found["tree_info"]
    rounds = max(1, len(trees) // groups)
    scale = (1 / rounds if found["average_output"] else 1.0) * _slope(words)
    read = [(tree["tree_index"] % groups, _tree(tree["tree_structure"], scale, where)) for tree in trees]
    link = "squared" if "sqrt" in words else _LINKS[name]
    return Ensemble(read or [(0, Leaf(0.0))], [0.0] * groups, link, single=False)


def _objective(dumped: dict[str, Any]) -> tuple[str, list[str]]:
    """Its name, and its settings: "binary sigmoid:1"."""
    name, *words = dumped.get("objective", "").split() or [""]
    return name, words


def _slope(words: list[str]) -> float:
    """What sigmoid multiplies the sum by."""
    return next((float(word.partition(":")[2]) for word in words if word.startswith("sigmoid:")), 1.0)


def _tree(root: dict[str, Any], scale: float, where: str) -> Split | Leaf:
    made: dict[int, Split | Leaf] = {}
    nodes = [root]
    for node in nodes:
        nodes += [node[side] for side in ("left_child", "right_child") if side in node]
    for node in reversed(nodes):  # children before their parents
        made[id(node)] = _leaf(node, scale, where) if "leaf_value" in node else _split(node, made, where)
    return made[id(root)]


def _leaf(node: dict[str, Any], scale: float, where: str) -> Leaf:
    if "leaf_coeff" in node:
        raise ConversionError("has linear trees; fit again with linear_tree=False", where=where)
    return Leaf(node["leaf_value"] * scale)


def _split(node: dict[str, Any], made: dict[int, Split | Leaf], where: str) -> Split:
    yes, no = made[id(node["left_child"])], made[id(node["right_child"])]
    feature, missing = node["split_feature"], node["missing_type"]
    if node["decision_type"] == "==":
        categories = [int(each) for each in node["threshold"].split("||")]
        return Split(feature, yes, no, missing_yes=False, categories=categories)
    if missing == "Zero":
        raise ConversionError("takes zeros for missing; fit again with zero_as_missing=False", where=where)
    # Where training met no missing values, LightGBM reads one as 0.
    missing_yes = node["default_left"] if missing == "NaN" else node["threshold"] >= 0
    return Split(feature, yes, no, missing_yes, node["threshold"])
