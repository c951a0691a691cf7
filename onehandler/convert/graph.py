"""Small things done to ONNX graphs: names, signatures, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onehandler.dtypes import dtype_coded
from onehandler.errors import ConversionError, InvalidInput
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import onnx


def rename_outputs(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """The same model with its outputs under these names, in order."""
    if len(model.graph.output) != len(names):
        found = [output.name for output in model.graph.output]
        raise ConversionError(f"the converted model gives {found}, expected were {list(names)}")
    renamed = {output.name: name for output, name in zip(model.graph.output, names, strict=True)}
    taken = {name for node in model.graph.node for name in (*node.input, *node.output)} - renamed.keys()
    for name in taken & set(names):
        renamed[name] = f"inner_{name}"
    for output in model.graph.output:
        output.name = renamed[output.name]
    for node in model.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    return model


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
            f"is a {kind}; only tensors can be served: convert again with ZipMap off", where=f"'{value.name}'"
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
