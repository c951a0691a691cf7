"""skops files: scikit-learn estimators that are read without running code.

Types that skops does not know are refused by name, and never trusted because the file asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import skops.io
from sklearn.tree._tree import Tree

from onehandler.convert.sklearn import dispatched
from onehandler.convert.sklearn_steps import inside
from onehandler.convert.tables import frame_of
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows

# Beyond skops' own list: fitted estimators that are converted here. By whole names: under a prefix there may stand a
# function that does harm.
_TRUSTED = {
    "catboost.core.CatBoostClassifier",
    "catboost.core.CatBoostRegressor",
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRanker",
    "lightgbm.sklearn.LGBMRegressor",
    "sklearn.tree._tree.Tree",  # checked below
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRFClassifier",
    "xgboost.sklearn.XGBRFRegressor",
    "xgboost.sklearn.XGBRanker",
    "xgboost.sklearn.XGBRegressor",
}


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the estimator; see `Converter`."""
    options.require_only()
    model, _ = read(path)
    return dispatched(model, frame_of(sample), (), str(path))


def read(path: Path) -> tuple[Any, list[str]]:
    """The estimator, and the types in it that skops does not know and we do. Raises ConversionError."""
    try:
        unknown = skops.io.get_untrusted_types(file=path)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ConversionError(f"cannot be read as a skops file: {reason}", where=str(path)) from None
    refused = sorted(set(unknown) - _TRUSTED)
    if refused:
        raise ConversionError(
            f"holds types that are not known to be safe: {', '.join(map(repr, refused[:10]))}; fit with estimators of "
            "scikit-learn alone, or, if the file is your own, save it with joblib",
            where=str(path),
        )
    try:
        model = skops.io.load(path, trusted=unknown)
    except (TypeError, ValueError, KeyError, AttributeError, ImportError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ConversionError(
            f"cannot be read ({type(error).__name__}: {reason}); was it written by a scikit-learn like the one here?",
            where=str(path),
        ) from None
    _require_whole_trees(model, path)
    return model, sorted(unknown)


def _require_whole_trees(model: Any, path: Path) -> None:
    """Refuse trees whose nodes point outside of them or back: walking one would read foreign memory, or not end."""
    for estimator in inside(model):
        tree = getattr(estimator, "tree_", None)
        if not isinstance(tree, Tree):
            continue
        numbers = np.arange(tree.node_count)
        split = tree.children_left >= 0
        for children in (tree.children_left, tree.children_right):
            ahead = (children > numbers) & (children < tree.node_count)
            if not (ahead | ~split).all():
                raise ConversionError("holds a tree whose nodes lead nowhere; save it again", where=str(path))
        if not ((tree.feature < tree.n_features) & (tree.feature >= 0) | ~split).all():
            raise ConversionError("holds a tree that asks for features it has not", where=str(path))
