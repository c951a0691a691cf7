"""SavedModel folders, of TensorFlow 1 and 2 and of Keras' export: one of the signatures they are served by."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

from onehandler.convert.tensorflow.export import frozen
from onehandler.convert.tensorflow.function import Function, conversion_of, counted, declared_inputs, spec_of
from onehandler.convert.tensorflow.graph_def import function_of
from onehandler.convert.tensorflow.imported import tf, tf2onnx
from onehandler.convert.tensorflow.trust import require_closed_model
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows

_DEFAULT = "serving_default"
_NOT_SERVED = ("__saved_model_init_op", "__saved_model_train_op")


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the folder; see `Converter`."""
    options.require_only("inputs", "labels", "signature")
    graph = _graph(path)
    name = _chosen(list(graph.signature_def), options.signature, path)
    require_closed_model(graph, str(path))
    make = _function if graph.object_graph_def.nodes else _former_function
    try:
        function = make(path, graph, name, options)
    except ConversionError:
        raise
    except Exception as error:  # noqa: BLE001 - TensorFlow raises whatever its loaders raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise ConversionError(
            f"cannot be loaded: {reason}; copy the whole folder again", where=str(path)
        ) from None
    source = {"framework": "tensorflow", "class": "SavedModel", "signature": name}
    return conversion_of(function, sample, options, source, str(path))


def _graph(path: Path) -> Any:
    """The graph for serving; ConversionError when there is none."""
    saved = import_module("tensorflow.core.protobuf.saved_model_pb2").SavedModel()
    file = path / "saved_model.pb"
    try:
        saved.ParseFromString(file.read_bytes())
    except (OSError, DecodeError):
        raise ConversionError("cannot be read; copy the whole folder again", where=str(file)) from None
    for graph in saved.meta_graphs:
        if "serve" in graph.meta_info_def.tags:
            return graph
    raise ConversionError("has no graph tagged 'serve'; save it with tf.saved_model.save", where=str(file))


def _chosen(names: list[str], wanted: str, path: Path) -> str:
    served = sorted(set(names) - set(_NOT_SERVED))
    told = ", ".join(map(repr, served[:20]))
    if not served:
        raise ConversionError(
            "has no signature; save it with tf.saved_model.save(..., signatures=...) or Keras' model.export",
            where=str(path),
        )
    if wanted and wanted not in served:
        raise ConversionError(f"'{wanted}' is not in the model; there are {told}", where="--signature")
    if wanted or _DEFAULT in served:
        return wanted or _DEFAULT
    if len(served) == 1:
        return served[0]
    raise ConversionError(f"has no signature '{_DEFAULT}'; name one of {told} (--signature)", where=str(path))


def _function(path: Path, graph: Any, name: str, options: Options) -> Function:
    """One signature of a model of TensorFlow 2."""
    loaded, where = tf.saved_model.load(path, tags=list(graph.meta_info_def.tags)), f"signature '{name}'"
    signature = loaded.signatures[name]
    told = signature.structured_input_signature[1]
    specs = {each: told[each] for each in sorted(told, key=counted)}
    declared = declared_inputs(options, list(specs), where)
    inputs = [spec_of(each, spec.shape, spec.dtype, declared) for each, spec in specs.items()]

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        found = signature(**tensors)
        return {each: found[each] for each in sorted(found, key=counted)}

    if all(spec.shape.rank and spec.shape[0] is None for spec in specs.values()):
        return Function(inputs, call, loaded)
    # A signature takes no other sizes than those it was saved with; the graph in it may.
    found = frozen(call, specs, loaded, where)
    nodes = {
        tensor.removesuffix(":0"): spec for tensor, spec in zip(found.inputs.values(), inputs, strict=True)
    }
    return function_of(found.graph, nodes, found.outputs, where)


def _former_function(path: Path, graph: Any, name: str, options: Options) -> Function:
    """One signature of a model of TensorFlow 1, whose variables only a session can read."""
    signature, where = graph.signature_def[name], f"signature '{name}'"
    names = sorted(signature.inputs, key=counted)
    declared = declared_inputs(options, names, where)
    nodes = {}
    for each in names:
        told = signature.inputs[each]
        spec = spec_of(each, tf.TensorShape(told.tensor_shape), tf.as_dtype(told.dtype), declared)
        nodes[told.name.removesuffix(":0")] = spec
    outputs = {each: signature.outputs[each].name for each in sorted(signature.outputs, key=counted)}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.saved_model.load(session, list(graph.meta_info_def.tags), str(path))
        frozen_graph = tf2onnx.tf_loader.freeze_session(
            session, [f"{node}:0" for node in nodes], list(outputs.values())
        )
    return function_of(frozen_graph, nodes, outputs, where)
