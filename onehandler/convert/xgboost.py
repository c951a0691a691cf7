"""XGBoost: boosters in .json or .ubj, and the scikit-learn wrappers, alone or inside pipelines.

A file whose training stopped early answers with the best iteration's trees, as the wrappers do.
"""

from __future__ import annotations

import json
import math
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost

from onehandler.convert.sklearn import conversion_of
from onehandler.convert.tables import frame_of
from onehandler.convert.trees import Ensemble, Leaf, Split, register
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pandas import DataFrame

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows

_RELEASE = tuple(map(int, xgboost.__version__.split(".")[:2]))  # since 3.4 it puts quantiles in order
_WRAPPERS = ("XGBClassifier", "XGBRFClassifier", "XGBRegressor", "XGBRFRegressor")
# Of objectives, how their base_score becomes a sum, and how sums become answers (a key of trees.LINKS).
_OBJECTIVES = {
    **dict.fromkeys(
        (
            "reg:squarederror",
            "reg:squaredlogerror",
            "reg:absoluteerror",
            "reg:pseudohubererror",
            "rank:ndcg",
            "rank:map",
            "rank:pairwise",
        ),
        ("identity", "identity"),
    ),
    **dict.fromkeys(("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox"), ("log", "exp")),
    "reg:quantileerror": ("identity", "ascending" if _RELEASE >= (3, 4) else "identity"),
    "reg:logistic": ("logit", "sigmoid"),
    "binary:logistic": ("logit", "binary"),
    "binary:hinge": ("identity", "hinge"),
    "multi:softprob": ("identity", "softmax"),
    "multi:softmax": ("identity", "softmax"),
}
_STARTS: dict[str, Callable[[float], float]] = {
    "identity": lambda score: score,
    "log": math.log,
    "logit": lambda score: math.log(score / (1 - score)),
}


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read a booster's file; see `Converter`."""
    options.require_only()
    booster = xgboost.Booster()
    try:
        booster.load_model(path)
    except xgboost.core.XGBoostError as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise ConversionError(
            f"cannot be read as an XGBoost model ({reason}); write it with booster.save_model",
            where=str(path),
        ) from None
    return from_model(booster, frame_of(sample))


def from_model(model: Any, sample: DataFrame | None) -> Conversion:
    """A booster or a wrapper that has been loaded already."""
    notes = []
    if isinstance(model, xgboost.XGBRanker):
        model = model.get_booster()  # it answers one score a row, like a regressor
    if isinstance(model, xgboost.Booster):
        best = model.attr("best_iteration")
        if best is not None:
            notes.append(
                f"training stopped early: the trees up to iteration {best} answer, as XGBoost's wrappers do; a plain "
                "Booster.predict would use all of them"
            )
        model = _wrapped(model)
    return conversion_of(model, sample, notes)


def prepare() -> None:
    """Teach skl2onnx the wrappers."""
    for name in _WRAPPERS:
        register(getattr(xgboost, name), ensemble_of)


def versions() -> dict[str, str]:
    """For the manifest: the package goes by several names."""
    for name in ("xgboost", "xgboost-cpu"):
        try:
            return {name: version(name)}
        except PackageNotFoundError:
            continue
    return {"xgboost": str(xgboost.__version__)}


def check(model: Any) -> None:
    """Raise ConversionError for what cannot be said in ONNX as XGBoost evaluates it."""
    where, missing = type(model).__name__, getattr(model, "missing", np.nan)
    if missing is not None and not np.isnan(missing):
        raise ConversionError(
            f"takes {missing} for missing, ONNX's trees only NaN; put NaN there and fit again without 'missing'",
            where=where,
        )
    learner = _learner(model)
    _ensemble(learner, where)


def ensemble_of(model: Any) -> Ensemble:
    """The trees of a fitted wrapper that answer."""
    return _ensemble(_learner(model), type(model).__name__)


def _learner(model: Any) -> dict[str, Any]:
    booster = model.get_booster()
    found: dict[str, Any] = json.loads(booster.save_raw("json"))["learner"]
    return {**found, "best": booster.attr("best_iteration")}


def _wrapped(booster: Any) -> Any:
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if objective == "multi:softmax":
        booster.set_param({"objective": "multi:softprob"})  # the same trees; it only hides the probabilities
    kind = (
        xgboost.XGBClassifier if objective.partition(":")[0] in ("binary", "multi") else xgboost.XGBRegressor
    )
    booster.set_attr(scikit_learn=None)  # names the class that wrote it, and no other may read it
    model = kind()
    model.load_model(booster.save_raw("ubj"))
    return model


def _ensemble(learner: dict[str, Any], where: str) -> Ensemble:
    objective, gradient = learner["objective"]["name"], learner["gradient_booster"]
    if objective not in _OBJECTIVES:
        raise ConversionError(
            f"has the objective {objective!r:.60}; known are {', '.join(sorted(_OBJECTIVES))}", where=where
        )
    if gradient["name"] not in ("gbtree", "dart"):
        raise ConversionError(
            f"has the booster '{gradient['name']}', which has no trees; fit scikit-learn's linear model",
            where=where,
        )
    model = gradient.get("gbtree", gradient)["model"]
    weights = gradient.get("weight_drop") or model.get("weight_drop")  # of DART; since 3.4 in the model
    if any(each.get("values") for each in model.get("cats", {}).get("enc", ())):
        raise ConversionError(
            "was fitted on pandas categories, which clients cannot send; encode them as whole numbers "
            "(OrdinalEncoder), name them with feature_types ('c') or leave enable_categorical out, and fit again",
            where=where,
        )
    count = _used(learner, model)
    trees = [
        (group, _tree(tree, weights[number] if weights else 1.0, where))
        for number, (group, tree) in enumerate(
            zip(model["tree_info"][:count], model["trees"][:count], strict=True)
        )
    ]
    start, link = _OBJECTIVES[objective]
    return Ensemble(trees, [_STARTS[start](score) for score in _base(learner)], link, single=True)


def _used(learner: dict[str, Any], model: dict[str, Any]) -> int:
    """How many trees answer: up to the best iteration, where one was found."""
    total, best = len(model["trees"]), learner["best"]
    if best is None:
        return total
    ends = model.get("iteration_indptr")
    if ends:
        return int(ends[int(best) + 1])
    per_round = int(model["gbtree_model_param"]["num_parallel_tree"]) * len(_base(learner))
    return min(total, (int(best) + 1) * per_round)


def _base(learner: dict[str, Any]) -> list[float]:
    """One score a group; older files keep one for all."""
    told = learner["learner_model_param"]
    groups = max(int(told["num_class"]), int(told.get("num_target", 1)), 1)
    scores = [float(each) for each in told["base_score"].strip("[]").split(",")]
    return scores if len(scores) == groups else scores * groups


def _tree(tree: dict[str, Any], weight: float, where: str) -> Split | Leaf:
    if int(tree["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise ConversionError(
            "has trees of several outputs; fit with multi_strategy='one_output_per_tree'", where=where
        )
    sets = {
        node: tree["categories"][start : start + size]
        for node, start, size in zip(
            tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
        )
    }
    made: dict[int, Split | Leaf] = {}
    left, right = tree["left_children"], tree["right_children"]
    for node in reversed(_order(left, right)):  # children before their parents
        if left[node] < 0:
            made[node] = Leaf(tree["split_conditions"][node] * weight)
            continue
        feature, to_left = tree["split_indices"][node], bool(tree["default_left"][node])
        if node in sets:  # one of the set goes right
            yes, no, missing = made[right[node]], made[left[node]], not to_left
            made[node] = Split(feature, yes, no, missing, categories=sets[node])
        else:
            yes, no = made[left[node]], made[right[node]]
            # Written in a float32's fewest digits, which mean that float32 and not the double they spell.
            threshold = float(np.float32(tree["split_conditions"][node]))
            made[node] = Split(feature, yes, no, to_left, threshold, strict=True)
    return made[0]


def _order(left: list[int], right: list[int]) -> list[int]:
    """Nodes from the root on, parents first; pruned ones are not met."""
    found = [0]
    for node in found:
        if left[node] >= 0:
            found += [left[node], right[node]]
    return found
