"""TensorFlow.js models (model.json and its shards): graph models as frozen graphs, layers models through Keras."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from google.protobuf.json_format import ParseDict, ParseError

from onehandler.convert.tensorflow.function import conversion_of, counted, declared_inputs, spec_of
from onehandler.convert.tensorflow.graph_def import ends, function_of, placeholders, shape_of
from onehandler.convert.tensorflow.imported import tf
from onehandler.convert.tensorflow.javascript_layers import layers_conversion
from onehandler.convert.tensorflow.javascript_ops import plain_operators
from onehandler.convert.tensorflow.javascript_weights import read_weights
from onehandler.convert.tensorflow.trust import require_closed
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read model.json, given itself or by its folder; see `Converter`."""
    options.require_only("inputs", "labels")
    path = path / "model.json" if path.is_dir() else path
    told = _read(path)
    weights = read_weights(told.get("weightsManifest"), path)
    if "node" not in told["modelTopology"]:
        return layers_conversion(told["modelTopology"], weights, path, sample, options)
    return _graph_conversion(told, weights, path, sample, options)


def _read(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConversionError(f"cannot be read as JSON: {error}"[:200], where=str(path)) from None
    if not isinstance(told, dict) or not isinstance(told.get("modelTopology"), dict):
        raise ConversionError("has no modelTopology: is it a TensorFlow.js model?", where=str(path))
    if told.get("modelInitializer"):
        raise ConversionError(
            "fills tables when it starts, which is not converted; build from the SavedModel it was made of",
            where=str(path),
        )
    return told


def _graph_conversion(
    told: Mapping[str, Any], weights: Mapping[str, Any], path: Path, sample: Rows | None, options: Options
) -> Conversion:
    where = str(path)
    graph = _graph(told["modelTopology"], weights, where)
    require_closed(graph, where)
    plain_operators(graph, where)
    nodes, outputs = _faces(told, graph, where)
    found = placeholders(graph)
    declared = declared_inputs(options, list(nodes), where)
    inputs = {
        node: spec_of(name, shape_of(found[node]), tf.as_dtype(found[node].attr["dtype"].type), declared)
        for name, node in nodes.items()
    }
    function = function_of(graph, inputs, outputs, where)
    source = {
        "framework": "tensorflow.js",
        "class": "graph model",
        "converter": str(told.get("convertedBy", ""))[:80],
    }
    return conversion_of(function, sample, options, source, where)


def _graph(topology: Any, weights: Mapping[str, Any], where: str) -> Any:
    """The GraphDef, with the weights where the graph names them."""
    graph = tf.compat.v1.GraphDef()
    try:
        ParseDict(topology, graph, ignore_unknown_fields=True)
    except ParseError as error:
        raise ConversionError(
            f"has a graph that TensorFlow cannot read: {error}"[:300], where=where
        ) from None
    for node in (*graph.node, *(each for function in graph.library.function for each in function.node_def)):
        if node.op != "Const":
            continue
        if node.name not in weights:
            raise ConversionError(
                f"has no weights for '{node.name[:100]}'; copy the whole folder again", where=where
            )
        kind = tf.as_dtype(node.attr["dtype"].type)
        array = weights[node.name]  # TensorFlow.js has no 64-bit numbers: the graph says what they were
        value = array if array.dtype == object else array.astype(kind.as_numpy_dtype)
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, kind, array.shape))
    return graph


def _faces(model: Mapping[str, Any], graph: Any, where: str) -> tuple[dict[str, str], dict[str, str]]:
    """Placeholders, and tensors that are the answer, by the names of the signature where one is kept."""
    metadata = model.get("userDefinedMetadata") or {}
    signature = model.get("signature") or metadata.get("signature") or {}
    known = {node.name for node in graph.node}
    try:
        given, told = signature["inputs"], signature["outputs"]
        inputs = {name: given[name]["name"].partition(":")[0] for name in sorted(given, key=counted)}
        outputs = {name: told[name]["name"] for name in sorted(told, key=counted)}
    except (KeyError, TypeError, AttributeError):
        inputs, outputs = {}, {}
    if not inputs or not outputs:
        return {name: name for name in placeholders(graph)}, ends(graph, where)
    lost = [name for name in (*inputs.values(), *outputs.values()) if name.partition(":")[0] not in known]
    if lost or not set(inputs.values()) <= placeholders(graph).keys():
        raise ConversionError(
            "has a signature that names what is not in its graph; convert it again", where=where
        )
    return inputs, {name: node if ":" in node else f"{node}:0" for name, node in outputs.items()}
