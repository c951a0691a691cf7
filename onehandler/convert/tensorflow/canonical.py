"""One form for graphs that are the same: tf2onnx's order and names differ from run to run, and so would digests.

Nodes stand in the order in which the outputs need them, values are called after the operator that made them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import onnx


def make_canonical(model: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Order and rename in place; inputs and outputs of the model get these names, in order."""
    graph = model.graph
    given = [value.name for value in (*graph.input, *graph.output)]
    wanted = [*inputs, *outputs]
    _rename(graph, dict(zip(given, wanted, strict=True)), _names(set(wanted)), _unknown)


def _rename(
    graph: onnx.GraphProto,
    known: dict[str, str],
    new: Callable[[str], str],
    outer: Callable[[str], str],
) -> None:
    """Rename what a graph makes; `outer` knows the names of what it takes from around it."""
    _order(graph)
    _forget(graph)
    weights = {tensor.name: tensor for tensor in graph.initializer}
    used: dict[str, None] = {}  # in the order they are met

    def named(name: str) -> str:
        if name in weights and name not in used:
            used[name] = None
            known.setdefault(name, new("Constant"))
        return known[name] if name in known else outer(name) if name else ""

    for node in graph.node:
        node.input[:] = [named(name) for name in node.input]
        for inner in _inner(node):
            given = {value.name: new("Input") for value in inner.input}
            inner.name = new("Graph")
            _rename(inner, given, new, named)
        for name in node.output:
            if name:
                known.setdefault(name, new(node.op_type))
        node.output[:] = [known[name] if name else "" for name in node.output]
        node.name = next(filter(None, node.output), "")
    for value in (*graph.input, *graph.output):
        value.name = named(value.name)
    for name in used:
        weights[name].name = known[name]
    tensors = [weights[name] for name in used]
    del graph.initializer[:]
    graph.initializer.extend(tensors)


def _order(graph: onnx.GraphProto) -> None:
    """Nodes as the outputs need them, each after what it takes; those that no output needs are dropped."""
    makers = {name: node for node in graph.node for name in node.output if name}
    ordered: dict[int, onnx.NodeProto] = {}
    open_nodes = [makers[value.name] for value in reversed(graph.output) if value.name in makers]
    while open_nodes:
        node = open_nodes[-1]
        needed = [makers[name] for name in _taken(node) if name in makers]
        waiting = [each for each in needed if id(each) not in ordered]
        if id(node) in ordered or not waiting:
            ordered[id(open_nodes.pop())] = node
        else:
            open_nodes += reversed(waiting)
    nodes = [type(node).FromString(node.SerializeToString()) for node in ordered.values()]
    for node in nodes:
        node.attribute.sort(key=lambda attribute: attribute.name)
    del graph.node[:]
    graph.node.extend(nodes)


def _forget(graph: onnx.GraphProto) -> None:
    """Leave out what tf2onnx noted on the way: shapes of inner values, and names of sizes that may be any."""
    del graph.value_info[:]
    for value in (*graph.input, *graph.output):
        for size in value.type.tensor_type.shape.dim:
            size.ClearField("dim_param")


def _taken(node: onnx.NodeProto) -> Iterator[str]:
    """What a node takes, its inner graphs included."""
    yield from node.input
    for graph in _inner(node):
        for each in graph.node:
            yield from _taken(each)
        for value in graph.output:
            yield value.name


def _inner(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _names(taken: Collection[str]) -> Callable[[str], str]:
    """Gives MatMul_1, MatMul_2, … for MatMul, without those that are taken."""
    counts: Counter[str] = Counter()

    def new(kind: str) -> str:
        while True:
            counts[kind] += 1
            name = f"{kind}_{counts[kind]}"
            if name not in taken:
                return name

    return new


def _unknown(name: str) -> str:
    """What nobody makes keeps its name, for ONNX Runtime to complain of."""
    return name
