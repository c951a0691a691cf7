"""Frozen graphs (.pb): inputs are the placeholders, outputs the nodes that no other takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from onehandler.convert.tensorflow.function import conversion_of, declared_inputs, spec_of
from onehandler.convert.tensorflow.graph_def import ends, function_of, placeholders, shape_of
from onehandler.convert.tensorflow.imported import tf
from onehandler.convert.tensorflow.trust import require_closed
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from pathlib import Path

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the graph; see `Converter`."""
    options.require_only("inputs", "labels")
    where = str(path)
    graph = _read(path)
    require_closed(graph, where)
    found = placeholders(graph)
    declared = declared_inputs(options, list(found), where)
    inputs = {
        name: spec_of(name, shape_of(node), tf.as_dtype(node.attr["dtype"].type), declared)
        for name, node in found.items()
    }
    function = function_of(graph, inputs, ends(graph, where), where)
    return conversion_of(function, sample, options, {"framework": "tensorflow", "class": "GraphDef"}, where)


def _read(path: Path) -> Any:
    if path.name == "saved_model.pb":
        raise ConversionError(
            f"is a SavedModel's graph without its weights; give its folder: {path.parent}", where=str(path)
        )
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError:
        graph.Clear()
    if not graph.node:
        raise ConversionError(
            "is not a graph of TensorFlow; write it with tf.io.write_graph(..., as_text=False)",
            where=str(path),
        )
    return graph
