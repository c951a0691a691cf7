"""Boosted trees as ONNX nodes: what XGBoost's and LightGBM's converters share.

Thresholds, sets of categories and directions of missing values are written node by node as the frameworks
evaluate them, so nothing depends on how a third converter reads a dump.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, numpy_helper
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import DoubleTensorType
from skl2onnx.common.shape_calculator import (
    calculate_linear_classifier_output_shapes,
    calculate_linear_regressor_output_shapes,
)
from sklearn.base import is_classifier

from onehandler.convert.tree_links import LINKS, Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a row that ends here adds to its group's sum."""

    value: float


@dataclass(frozen=True, slots=True)
class Split:
    """A question to one feature: below (`strict`) or at most `threshold`, or one of `categories`.

    `missing_yes`: a missing value goes the way of those that answer yes.
    """

    feature: int
    yes: Split | Leaf
    no: Split | Leaf
    missing_yes: bool
    threshold: float = 0.0
    strict: bool = False
    categories: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Trees, each with the group (class or target) that it adds to, and what is done to the sums.

    `link` is a key of LINKS; `base` starts each group's sum. `single`: the framework itself reads features as
    float32 (XGBoost), so a float64 input is cast before the first question.
    """

    trees: Sequence[tuple[int, Split | Leaf]]
    base: Sequence[float]
    link: str
    single: bool


@dataclass(slots=True)
class _Attributes:
    """The node's lists, grown one tree node at a time."""

    features: list[int] = field(default_factory=list)
    modes: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    yes: list[int] = field(default_factory=list)
    no: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    trees: list[int] = field(default_factory=list)
    nodes: list[int] = field(default_factory=list)
    leaves: list[tuple[int, int, int, float]] = field(default_factory=list)  # tree, node, group, weight

    def add_tree(self, tree: int, group: int, root: Split | Leaf) -> None:
        """Number a tree's nodes from its root on; a loop, for a tree may be deeper than Python's stack."""
        count = 1
        open_nodes: list[tuple[int, Split | Leaf]] = [(0, root)]
        while open_nodes:
            number, node = open_nodes.pop()
            if isinstance(node, Leaf):
                self._node(tree, number, "LEAF")
                self.leaves.append((tree, number, group, node.value))
                continue
            categories = node.categories if node.categories is not None else (None,)
            yes, no, count = count, count + 1, count + 2
            for category in categories[:-1]:  # a set is a chain of questions whose yes leads to one node
                self._node(tree, number, "BRANCH_EQ", node, (float(category or 0), yes, count))
                number, count = count, count + 1
            last = categories[-1]
            mode = "BRANCH_EQ" if last is not None else "BRANCH_LT" if node.strict else "BRANCH_LEQ"
            value = node.threshold if last is None else float(last)
            self._node(tree, number, mode, node, (value, yes, no))
            open_nodes += [(no, node.no), (yes, node.yes)]

    def _node(
        self,
        tree: int,
        number: int,
        mode: str,
        split: Split | None = None,
        ways: tuple[float, int, int] = (0.0, 0, 0),
    ) -> None:
        self.trees.append(tree)
        self.nodes.append(number)
        self.modes.append(mode)
        self.features.append(split.feature if split else 0)
        self.values.append(ways[0])
        self.yes.append(ways[1])
        self.no.append(ways[2])
        self.missing.append(int(split.missing_yes) if split else 0)


def register(kind: type, read: Callable[[Any], Ensemble]) -> None:
    """Teach skl2onnx an estimator class; `read` gives the trees of a fitted one. Twice is once."""
    classifier = hasattr(kind, "predict_proba")
    update_registered_converter(
        kind,
        f"onehandler_{kind.__module__}_{kind.__name__}",
        calculate_linear_classifier_output_shapes if classifier else calculate_linear_regressor_output_shapes,
        lambda scope, operator, container: _convert(Graph(scope, container), operator, read),
        options={"zipmap": [True, False, "columns"], "nocl": [True, False]} if classifier else None,
    )


def _convert(graph: Graph, operator: Any, read: Callable[[Any], Ensemble]) -> None:
    model, source = operator.raw_operator, operator.inputs[0]
    ensemble = read(model)
    features, double = source.full_name, isinstance(source.type, DoubleTensorType)
    if not isinstance(source.type, DoubleTensorType) or ensemble.single:
        features, double = graph.add("Cast", features, to=TensorProto.FLOAT), False
    sums = graph.add("TreeEnsembleRegressor", features, domain="ai.onnx.ml", **_attributes(ensemble, double))
    answers = LINKS[ensemble.link](graph, sums)
    if is_classifier(model):
        _label(graph, answers, operator)
    declared = operator.outputs[-1]
    kind = TensorProto.DOUBLE if isinstance(declared.type, DoubleTensorType) else TensorProto.FLOAT
    graph.add("Cast", answers, output=declared.full_name, to=kind)


def _label(graph: Graph, probabilities: str, operator: Any) -> None:
    classes = np.asarray(operator.raw_operator.classes_)
    place = graph.add("ArgMax", probabilities, axis=1, keepdims=0)
    if classes.dtype.kind in "biuf":
        labels = graph.constant([int(each) for each in classes.tolist()], TensorProto.INT64)
    else:
        labels = graph.constant([str(each).encode() for each in classes.tolist()], TensorProto.STRING)
    graph.add("Gather", labels, place, output=operator.outputs[0].full_name)


def _attributes(ensemble: Ensemble, double: bool) -> dict[str, Any]:
    found = _Attributes()
    for number, (group, root) in enumerate(ensemble.trees):
        found.add_tree(number, group, root)
    trees, nodes, groups, weights = (list(each) for each in zip(*found.leaves, strict=True))
    numbers = {
        "nodes_values": found.values if double else [_floor(value) for value in found.values],
        "target_weights": weights,
        "base_values": list(ensemble.base),
    }
    return {
        "n_targets": len(ensemble.base),
        "aggregate_function": "SUM",
        "post_transform": "NONE",
        "nodes_treeids": found.trees,
        "nodes_nodeids": found.nodes,
        "nodes_featureids": found.features,
        "nodes_modes": found.modes,
        "nodes_truenodeids": found.yes,
        "nodes_falsenodeids": found.no,
        "nodes_missing_value_tracks_true": found.missing,
        "target_treeids": trees,
        "target_nodeids": nodes,
        "target_ids": groups,
        **(
            {f"{name}_as_tensor": numpy_helper.from_array(np.array(each)) for name, each in numbers.items()}
            if double
            else numbers
        ),
    }


def _floor(value: float) -> float:
    """The largest float32 not above: a float32 is at most a threshold when it is at most this.

    XGBoost's thresholds are float32 already, and stay.
    """
    near = np.float32(value)
    return float(near if float(near) <= value else np.nextafter(near, np.float32(-np.inf)))
