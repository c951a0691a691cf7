"""Outputs that are no tensors, rewritten to the tensors they were made of, or refused with what to do.

| output | becomes |
| --- | --- |
| a list of maps from ZipMap | the probabilities it was given, its keys as columns |
| a sequence from SequenceConstruct | one output a part: NAME_0, NAME_1, … |
| an optional from Optional | what is in it |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable

_ADVICE = {
    "sequence_type": "end the graph in ConcatFromSequence or SequenceAt and export again",
    "optional_type": "end the graph in OptionalGetElement and export again",
    "map_type": "convert again with ZipMap off (skl2onnx: options={'zipmap': False})",
    "sparse_tensor_type": "make it dense and export again",
}


def tensor_outputs(model: onnx.ModelProto) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Rewrite in place; gives column names by output, and what was done. Raises ConversionError."""
    made = {name: node for node in model.graph.node for name in node.output if name}
    columns: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    outputs: list[onnx.ValueInfoProto] = []
    for output in model.graph.output:
        if output.type.WhichOneof("value") == "tensor_type":
            outputs.append(output)
            continue
        node = made.get(output.name)
        rewrite = _REWRITES.get(node.op_type) if node is not None else None
        if node is None or rewrite is None:
            raise ConversionError(_refusal(output), where=f"output '{output.name}'")
        outputs += rewrite(model, node, output.name, columns)
        notes.append(f"output '{output.name}' was {node.op_type}'s and is given as plain tensors")
    if notes:
        kept = list(outputs)
        del model.graph.output[:]
        model.graph.output.extend(kept)
        _drop_unused(model)
        _declare(model)
    return columns, notes


def _declare(model: onnx.ModelProto) -> None:
    try:
        inferred = onnx.shape_inference.infer_shapes(model)
    except onnx.shape_inference.InferenceError:
        return  # `signature_of` names what still lacks a shape
    found = {each.name: each for each in (*inferred.graph.output, *inferred.graph.value_info)}
    for output in model.graph.output:
        tensor = output.type.tensor_type
        if output.name in found and not (tensor.elem_type and tensor.HasField("shape")):
            output.type.CopyFrom(found[output.name].type)


def _unzipped(
    model: onnx.ModelProto, node: onnx.NodeProto, name: str, columns: dict[str, tuple[str, ...]]
) -> list[onnx.ValueInfoProto]:
    labels = [
        each.decode() if isinstance(each, bytes) else str(each)
        for attribute in node.attribute
        for each in (*attribute.strings, *attribute.ints)
    ]
    columns[name] = tuple(labels)
    _replace(model, node, node.input[0])
    return [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, len(labels)])]


def _parts(
    model: onnx.ModelProto, node: onnx.NodeProto, name: str, _: dict[str, tuple[str, ...]]
) -> list[onnx.ValueInfoProto]:
    parts = [f"{name}_{number}" for number in range(len(node.input))]
    for part, source in zip(parts, node.input, strict=True):
        model.graph.node.append(onnx.helper.make_node("Identity", [source], [part]))
    model.graph.node.remove(node)
    return [onnx.ValueInfoProto(name=part) for part in parts]


def _held(
    model: onnx.ModelProto, node: onnx.NodeProto, name: str, _: dict[str, tuple[str, ...]]
) -> list[onnx.ValueInfoProto]:
    if not node.input:
        raise ConversionError("is an optional without anything in it; leave it out", where=f"output '{name}'")
    _replace(model, node, node.input[0])
    return [onnx.ValueInfoProto(name=name)]


_REWRITES: dict[
    str,
    Callable[
        [onnx.ModelProto, onnx.NodeProto, str, dict[str, tuple[str, ...]]],
        list[onnx.ValueInfoProto],
    ],
] = {"ZipMap": _unzipped, "SequenceConstruct": _parts, "Optional": _held}


def _replace(model: onnx.ModelProto, node: onnx.NodeProto, source: str) -> None:
    """Give what the node was given under the name of what it gave."""
    name = node.output[0]
    model.graph.node.remove(node)
    model.graph.node.append(onnx.helper.make_node("Identity", [source], [name]))
    if not any(each.domain in ("", "ai.onnx") for each in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("", 13))


def _drop_unused(model: onnx.ModelProto) -> None:
    """Forget declared types of values that are no longer what they were."""
    names = {each.name for each in model.graph.output}
    kept = [each for each in model.graph.value_info if each.name not in names]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)


def _refusal(output: onnx.ValueInfoProto) -> str:
    kind = output.type.WhichOneof("value") or "value of no type"
    return f"is a {kind}; only tensors can be served: {_ADVICE.get(kind, 'give it a tensor type')}"
