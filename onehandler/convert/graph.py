"""Small things done to ONNX graphs: names, signatures, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx

from onehandler.dtypes import dtype_coded
from onehandler.errors import ConversionError, InvalidInput
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence


def rename_inputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Give the inputs these names, in order: skl2onnx writes "mean radius" as "mean_radius"."""
    if len(model.graph.input) != len(names):
        found = [value.name for value in model.graph.input]
        raise ConversionError(f"the converted model takes {found}, expected were {list(names)}")
    renamed = {value.name: name for value, name in zip(model.graph.input, names, strict=True)}
    made = {name for node in model.graph.node for name in node.output}
    made |= {initializer.name for initializer in model.graph.initializer}
    clashing = made & set(names)
    if clashing:
        raise ConversionError(
            f"column '{min(clashing)}' has a name used inside the model; rename it and fit again"
        )
    for value in model.graph.input:
        value.name = renamed[value.name]
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]


def take_booleans(model: onnx.ModelProto, names: Collection[str]) -> None:
    """Make integer inputs of these names boolean ones, cast to integers where they come in."""
    inner = {name: f"{name} as a whole number" for name in names}
    for node in model.graph.node:
        node.input[:] = [inner.get(name, name) for name in node.input]
    for value in model.graph.input:
        if value.name in inner:
            value.type.tensor_type.elem_type = onnx.TensorProto.BOOL
            cast = onnx.helper.make_node("Cast", [value.name], [inner[value.name]], to=onnx.TensorProto.INT64)
            model.graph.node.insert(0, cast)


def rename_outputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Give the outputs these names, in order."""
    if len(model.graph.output) != len(names):
        found = [output.name for output in model.graph.output]
        raise ConversionError(f"the converted model gives {found}, expected were {list(names)}")
    renamed = {output.name: name for output, name in zip(model.graph.output, names, strict=True)}
    clashing = {value.name for value in model.graph.input} & set(names)
    if clashing:
        raise ConversionError(
            f"'{min(clashing)}' is both a column and the name of an output; rename the column and fit again"
        )
    taken = {name for node in model.graph.node for name in (*node.input, *node.output)} - renamed.keys()
    for name in taken & set(names):
        renamed[name] = f"inner_{name}"
    for output in model.graph.output:
        output.name = renamed[output.name]
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]


def keeps_data_elsewhere(model: onnx.ModelProto) -> bool:
    """Whether a tensor of the graph, of a constant or of a subgraph lies in another file."""
    return any(map(onnx.external_data_helper.uses_external_data, tensors(model.graph)))


def tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """All tensors of a graph: initializers, attributes, and those of subgraphs."""
    yield from graph.initializer
    for attribute in (each for node in graph.node for each in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for inner in (attribute.g, *attribute.graphs):
            yield from tensors(inner)


def initializers(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """A graph's weights, and those of its subgraphs."""
    yield from graph.initializer
    for attribute in (each for node in graph.node for each in node.attribute):
        for inner in (attribute.g, *attribute.graphs):
            yield from initializers(inner)


def declare_shapes(model: onnx.ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Declare each output [any, *shape]: skl2onnx gets the widths of several targets wrong.

    An output that the graph gives a last dimension of 1 more keeps it.
    """
    for output in model.graph.output:
        declared = output.type.tensor_type.shape
        if output.type.WhichOneof("value") != "tensor_type" or output.name not in shapes:
            continue
        sizes = shapes[output.name]
        sizes = (*sizes, 1) if len(declared.dim) == len(sizes) + 2 else sizes
        del declared.dim[:]
        for size in (None, *sizes):
            declared.dim.add(**({} if size is None else {"dim_value": size}))


def true_types(model: onnx.ModelProto) -> None:
    """Declare float what a tree regressor gives: skl2onnx says double when the inputs are."""
    made = {node.output[0] for node in model.graph.node if node.op_type == "TreeEnsembleRegressor"}
    for output in model.graph.output:
        if output.name in made:
            output.type.tensor_type.elem_type = onnx.TensorProto.FLOAT


def one_a_row(model: onnx.ModelProto, name: str) -> None:
    """Give an output, made as one row or one column, as one value a row."""
    inner = f"uneven_{name}"
    for node in model.graph.node:
        node.output[:] = [inner if each == name else each for each in node.output]
        node.input[:] = [inner if each == name else each for each in node.input]
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([-1]), "one a row"))
    model.graph.node.append(onnx.helper.make_node("Reshape", [inner, "one a row"], [name]))
    declared = next(each for each in model.graph.output if each.name == name).type.tensor_type.shape
    del declared.dim[:]
    declared.dim.add()


def as_boolean(model: onnx.ModelProto, name: str) -> None:
    """Cast an integer output to the booleans that the original answers."""
    inner = f"inner_{name}"
    for node in model.graph.node:
        node.output[:] = [inner if each == name else each for each in node.output]
        node.input[:] = [inner if each == name else each for each in node.input]
    model.graph.node.append(onnx.helper.make_node("Cast", [inner], [name], to=onnx.TensorProto.BOOL))
    next(
        each for each in model.graph.output if each.name == name
    ).type.tensor_type.elem_type = onnx.TensorProto.BOOL


def signature_of(
    model: onnx.ModelProto, columns: Mapping[str, tuple[str, ...]], nullable: Collection[str] = ()
) -> Signature:
    """The signature that a model's graph declares, with column names and missing values added.

    ConversionError names an input or output that is not a tensor.
    """
    initializers = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in initializers]
    return Signature(
        [_spec(value, columns, nullable) for value in inputs],
        [_spec(value, columns, ()) for value in model.graph.output],
    )


def _spec(
    value: onnx.ValueInfoProto, columns: Mapping[str, tuple[str, ...]], nullable: Collection[str]
) -> TensorSpec:
    if value.type.WhichOneof("value") != "tensor_type":
        kind = value.type.WhichOneof("value")
        raise ConversionError(
            f"is a {kind}; only tensors can be served: convert again with ZipMap off (skl2onnx: options="
            "{'zipmap': False})",
            where=f"output '{value.name}'",
        )
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        raise ConversionError(
            "declares no shape; run onnx.shape_inference on the model", where=f"'{value.name}'"
        )
    shape = tuple(
        size.dim_value if size.HasField("dim_value") and size.dim_value > 0 else ANY
        for size in tensor.shape.dim
    )
    try:
        dtype = dtype_coded(tensor.elem_type)
    except InvalidInput as error:
        raise ConversionError(error.message, where=f"'{value.name}'") from None
    named = columns.get(value.name, ())
    fitting = named if shape and shape[-1] == len(named) else ()
    if named and shape and shape[-1] == ANY:
        shape, fitting = (*shape[:-1], len(named)), named
    return TensorSpec(value.name, dtype, shape, fitting, value.name in nullable and dtype.family == "float")
