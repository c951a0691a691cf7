"""Functions of TensorFlow → ONNX, through tf2onnx."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import onnx

from onehandler.convert.tensorflow.canonical import make_canonical
from onehandler.convert.tensorflow.imported import tf, tf2onnx
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


OPSET = 18  # the newest that tf2onnx writes


@dataclass(frozen=True, slots=True)
class Frozen:
    """A graph with its variables' values in it; `inputs` and `outputs` are tensors ("node:0") by clients' names.

    `tables` are keys and values of lookups; `shapes` those of the outputs.
    """

    graph: Any
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    shapes: Sequence[Any]
    tables: Mapping[Any, Any]


def frozen(
    call: Callable[[Mapping[str, Any]], Mapping[str, Any]], inputs: Mapping[str, Any], owner: Any, where: str
) -> Frozen:
    """Trace a function once, for tensors like these `tf.TensorSpec`s, and put its variables' values into its graph."""
    names: list[str] = []

    def positional(*tensors: Any) -> list[Any]:
        answers = call(dict(zip(inputs, tensors, strict=True)))
        names[:] = answers.keys()
        # An output may be an input, or another output: as identities they are values of their own.
        return [tf.identity(each) for each in answers.values()]

    try:
        concrete = tf.function(positional, autograph=False).get_concrete_function(*inputs.values())
        given = [tensor.name for tensor in concrete.inputs[: len(inputs)]]
        found = [tensor.name for tensor in concrete.outputs]
        graph, tables = tf2onnx.tf_loader.from_trackable(owner, concrete, given, found, large_model=False)
    except Exception as error:  # noqa: BLE001 - layers and tf2onnx raise whatever they like
        raise _refusal("TensorFlow cannot trace it", error, where) from None
    shapes = [tensor.shape for tensor in concrete.outputs]
    return Frozen(
        graph, dict(zip(inputs, given, strict=True)), dict(zip(names, found, strict=True)), shapes, tables
    )


def exported(function: Frozen, where: str) -> onnx.ModelProto:
    """The graph in ONNX, under the clients' names. ConversionError names operators that ONNX has not."""
    inputs, outputs = list(function.inputs.values()), list(function.outputs.values())
    try:
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(function.graph, name="")
            converted = tf2onnx.tfonnx.process_tf_graph(
                graph,
                continue_on_error=True,  # `require_known` names all that failed, not only the first
                opset=OPSET,
                input_names=inputs,
                output_names=outputs,
                initialized_tables=function.tables,
            )
            model: onnx.ModelProto = tf2onnx.optimizer.optimize_graph(converted, True).make_model("model")
    except Exception as error:  # noqa: BLE001 - tf2onnx raises whatever its handlers raise
        raise _refusal("tf2onnx cannot convert it", error, where) from None
    require_known(model, where)
    _declare(model, function.shapes)
    make_canonical(model, list(function.inputs), list(function.outputs))
    return model


def require_known(model: onnx.ModelProto, where: str) -> None:
    """Raise ConversionError naming operators that tf2onnx left as they were, and where they stand."""
    versions = {each.domain: each.version for each in model.opset_import}
    unknown: dict[str, str] = {}
    for node in _nodes(model.graph):
        if not onnx.defs.has(node.op_type, versions.get(node.domain, 1), node.domain):
            unknown.setdefault(node.op_type, node.name)
    if unknown:
        told = ", ".join(f"{kind} (at '{name[:80]}')" for kind, name in sorted(unknown.items())[:5])
        raise ConversionError(
            f"uses operators that ONNX has not: {told}; let whoever asks do that part, and save the model without it",
            where=where,
        )


def _refusal(what: str, error: Exception, where: str) -> ConversionError:
    reason = (str(error).strip().splitlines() or [""])[0][:300]
    return ConversionError(f"{what}: {type(error).__name__}: {reason}", where=where)


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                yield from _nodes(inner)


def _declare(model: onnx.ModelProto, shapes: Sequence[Any]) -> None:
    """Declare outputs as TensorFlow infers them: tf2onnx loses some shapes on the way."""
    for output, shape in zip(model.graph.output, shapes, strict=True):
        if shape.rank is None:
            continue
        declared = output.type.tensor_type.shape
        declared.Clear()
        declared.SetInParent()
        for size in shape.as_list():
            declared.dim.add(**({} if size is None else {"dim_value": size}))
