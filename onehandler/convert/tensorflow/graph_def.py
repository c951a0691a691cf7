"""Graphs of TensorFlow that have their weights in them, as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from onehandler.convert.tensorflow.function import Function
from onehandler.convert.tensorflow.imported import tf
from onehandler.errors import ConversionError
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onehandler.convert.tensorflow.function import Call
    from onehandler.signature import TensorSpec

_VARIABLES = ("VarHandleOp", "VariableV2", "Variable")
_TABLES = ("HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2")
_SILENT = ("NoOp", "Assert", "Const", "Placeholder")


def function_of(
    graph: Any,
    inputs: Mapping[str, TensorSpec],
    outputs: Mapping[str, str],
    where: str,
) -> Function:
    """A function of a GraphDef: `inputs` by placeholder, `outputs` (tensors, "node:0") by the names that clients see.

    Where placeholders have room for a certain number of rows they get room for any, and the original is asked in
    batches of that number. ConversionError when TensorFlow doesn't take the graph.
    """
    _require_frozen(graph, where)
    found = placeholders(graph)
    for node, spec in inputs.items():
        if node not in found:
            raise ConversionError(f"is made by '{node}', which is no placeholder", where=spec.where)
    rows = [shape_of(found[name]).as_list()[0] for name in inputs if shape_of(found[name]).rank]
    size = max((each for each in rows if each is not None), default=0)
    original = _imported(graph, inputs, outputs, where) if size else None
    free = type(graph)()
    free.CopyFrom(graph)
    for node in free.node:
        node.attr.pop("_output_shapes", None)  # told of other shapes
        if node.name in inputs:
            node.attr["shape"].shape.CopyFrom(_shape(inputs[node.name]).as_proto())
    call = _imported(free, inputs, outputs, where)
    return Function(list(inputs.values()), call, tf.Module(), original, size)


def placeholders(graph: Any) -> dict[str, Any]:
    """Nodes that take what clients send, by name."""
    return {node.name: node for node in graph.node if node.op == "Placeholder"}


def shape_of(placeholder: Any) -> Any:
    """The shape that a node says it takes."""
    return tf.TensorShape(placeholder.attr["shape"].shape if "shape" in placeholder.attr else None)


def ends(graph: Any, where: str) -> dict[str, str]:
    """Tensors of nodes that no other takes, by names without TensorFlow's ":0"; ConversionError when there are none."""
    with tf.Graph().as_default() as imported:
        try:
            tf.import_graph_def(graph, name="")
        except Exception as error:  # noqa: BLE001 - a graph of strangers may break TensorFlow's importer anywhere
            raise _refusal(error, where) from None
    tensors = [
        tensor.name
        for each in imported.get_operations()
        if each.type not in _SILENT and not any(tensor.consumers() for tensor in each.outputs)
        for tensor in each.outputs
    ]
    if not tensors:
        raise ConversionError("gives nothing: every node is taken by another", where=where)
    return {name.removesuffix(":0").replace(":", "_"): name for name in tensors}


def _imported(graph: Any, inputs: Mapping[str, TensorSpec], outputs: Mapping[str, str], where: str) -> Call:
    try:
        whole = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
        element = whole.graph.as_graph_element
        pruned = whole.prune(
            [element(f"{name}:0") for name in inputs], [element(name) for name in outputs.values()]
        )
    except Exception as error:  # noqa: BLE001 - a graph of strangers may break TensorFlow's importer anywhere
        raise _refusal(error, where) from None

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        return dict(zip(outputs, pruned(*(tensors[spec.name] for spec in inputs.values())), strict=True))

    return call


def _refusal(error: Exception, where: str) -> ConversionError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
    return ConversionError(f"TensorFlow doesn't take the graph: {reason}", where=where)


def _shape(spec: TensorSpec) -> Any:
    return tf.TensorShape([None if size == ANY else size for size in spec.shape])


def _require_frozen(graph: Any, where: str) -> None:
    for node in graph.node:
        if node.op in _VARIABLES:
            raise ConversionError(
                f"is not frozen: the variable '{node.name}' has no value in it; build from the SavedModel folder, or "
                "freeze it (convert_variables_to_constants_v2)",
                where=where,
            )
        if node.op in _TABLES:
            raise ConversionError(
                f"looks up in the table '{node.name}', whose entries a graph alone doesn't hold; build from a "
                "SavedModel folder that takes any number of rows",
                where=where,
            )
