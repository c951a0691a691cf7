"""What is done to the sums of a tree ensemble, as ONNX nodes: sigmoids, exponents, softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onnx import TensorProto

if TYPE_CHECKING:
    from collections.abc import Callable

_GIVES = {"TopK": 2}  # outputs, of nodes that give more than one


class Graph:
    """Adds nodes to skl2onnx's container under fresh names."""

    def __init__(self, scope: Any, container: Any) -> None:
        self._scope = scope
        self._container = container

    def add(self, kind: str, *inputs: str, domain: str = "", output: str = "", **attributes: Any) -> str:
        """One node; gives the name of its output."""
        made = (
            [output]
            if output
            else [str(self._scope.get_unique_variable_name(kind.lower())) for _ in range(_GIVES.get(kind, 1))]
        )
        name = self._scope.get_unique_operator_name(kind)
        version = 3 if domain else 13
        self._container.add_node(
            kind, list(inputs), made, op_domain=domain, op_version=version, name=name, **attributes
        )
        return made[0]

    def constant(self, values: Any, kind: int = TensorProto.FLOAT) -> str:
        """An initializer: a list of numbers or strings, or one number."""
        name = str(self._scope.get_unique_variable_name("constant"))
        shape = [len(values)] if isinstance(values, list) else []
        self._container.add_initializer(name, kind, shape, values if isinstance(values, list) else [values])
        return name


def _both(graph: Graph, second: str) -> str:
    """Probabilities of two classes from the second's."""
    return graph.add("Concat", graph.add("Sub", graph.constant(1.0), second), second, axis=1)


def _squared(graph: Graph, sums: str) -> str:
    return graph.add("Mul", graph.add("Sign", sums), graph.add("Mul", sums, sums))


def _binary(graph: Graph, sums: str) -> str:
    return _both(graph, graph.add("Sigmoid", sums))


def _hinge(graph: Graph, sums: str) -> str:
    above = graph.add("Greater", sums, graph.constant(0.0))
    return _both(graph, graph.add("Cast", above, to=TensorProto.FLOAT))


def _ascending(graph: Graph, sums: str) -> str:
    """Each row in order: XGBoost sorts quantiles that cross."""
    groups = graph.add(
        "Slice", graph.add("Shape", sums), *(graph.constant([n], TensorProto.INT64) for n in (1, 2))
    )
    return graph.add("TopK", sums, groups, axis=1, largest=0, sorted=1)


LINKS: dict[str, Callable[[Graph, str], str]] = {
    "identity": lambda _, sums: sums,
    "exp": lambda graph, sums: graph.add("Exp", sums),
    "log1p_exp": lambda graph, sums: graph.add("Softplus", sums),
    "squared": _squared,
    "sigmoid": lambda graph, sums: graph.add("Sigmoid", sums),
    "softmax": lambda graph, sums: graph.add("Softmax", sums, axis=1),
    "binary": _binary,
    "hinge": _hinge,
    "ascending": _ascending,
}
