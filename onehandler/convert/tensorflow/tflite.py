"""TensorFlow Lite files (.tflite) with weights in float32, float16 or integers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper

from onehandler.convert import Candidate, Conversion
from onehandler.convert.generated import generated
from onehandler.convert.graph import signature_of
from onehandler.convert.reading import require_readable
from onehandler.convert.tables import array_of
from onehandler.convert.tensorflow.batches import any_rows
from onehandler.convert.tensorflow.canonical import make_canonical
from onehandler.convert.tensorflow.export import OPSET, require_known
from onehandler.convert.tensorflow.function import in_batches, named, with_labels
from onehandler.convert.tensorflow.imported import quiet, tf, tf2onnx, versions
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError, InvalidInput
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onehandler.convert import Options
    from onehandler.convert.rows import Answers, Rows

_DEFAULT = "serving_default"
# Ends well unless the interpreter ends the process: what it says in words is told by the one that comes after.
_READ = """
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow
try:
    interpreter = tensorflow.lite.Interpreter(sys.argv[1])
    interpreter.allocate_tensors()
    interpreter.invoke()
except (ValueError, RuntimeError):
    pass
"""


@dataclass(frozen=True, slots=True)
class _Model:
    """A file that is open; what its interpreter tells of tensors, by the names that clients see."""

    path: Path
    interpreter: Any
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]

    @property
    def batch(self) -> int:
        """How many rows it takes at once; 0 for any."""
        sizes = [int(each["shape_signature"][0]) for each in self.inputs.values()]
        return max((size for size in sizes if size > 0), default=0)


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the file; see `Converter`."""
    options.require_only("labels", "signature")
    model = _opened(path, options.signature)
    inputs = named([_spec(name, details) for name, details in model.inputs.items()], sample)
    ask = partial(_answers, model, Signature(inputs, inputs))
    return Conversion(
        columns=inputs[0].columns or [spec.name for spec in inputs],
        candidates=[partial(_candidate, model, inputs, options.labels)],
        expected=ask,
        source={"framework": "tensorflow", "class": "TFLite", "versions": versions()},
        generated=partial(generated, inputs, ask),
    )


def _opened(path: Path, wanted: str) -> _Model:
    require_readable(path, _READ, "TFLite", "convert the original again")
    try:
        with quiet():
            interpreter = tf.lite.Interpreter(str(path))
            interpreter.allocate_tensors()
            signatures = interpreter.get_signature_list()
    except (ValueError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise ConversionError(f"cannot be read as a TFLite model: {reason}", where=str(path)) from None
    if not signatures:
        if wanted:
            raise ConversionError("the file has none; leave it out", where="--signature")
        sides = (interpreter.get_input_details(), interpreter.get_output_details())
        return _Model(path, interpreter, *({_plain(each["name"]): each for each in side} for side in sides))
    runner = interpreter.get_signature_runner(_chosen(sorted(signatures), wanted))
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    told = {each["name"] for each in (*inputs.values(), *outputs.values())}
    if told != {
        each["name"] for each in (*interpreter.get_input_details(), *interpreter.get_output_details())
    }:
        raise ConversionError(
            "stands for another graph than the file's first, which alone is converted; save it to a file of its own",
            where="--signature",
        )
    return _Model(path, interpreter, inputs, outputs)


def _chosen(names: Sequence[str], wanted: str) -> str:
    if wanted in names:
        return wanted
    if not wanted and (_DEFAULT in names or len(names) == 1):
        return _DEFAULT if _DEFAULT in names else names[0]
    told = ", ".join(map(repr, names[:20]))
    raise ConversionError(f"the file has {told}; name one of them", where="--signature")


def _plain(name: str) -> str:
    """A tensor's name without what TensorFlow's converter puts around it."""
    return name.removeprefix(f"{_DEFAULT}_").removesuffix(":0")


def _spec(name: str, details: Mapping[str, Any]) -> TensorSpec:
    where = f"input '{name}'"
    shape = [int(size) for size in details["shape_signature"]]
    if not shape:
        raise ConversionError(
            "is a single value, not one a row; make it a constant and save again", where=where
        )
    kind = np.dtype(details["dtype"])
    try:
        dtype = dtype_named("string" if kind.kind in "SO" else kind.name)
    except InvalidInput as error:
        raise ConversionError(error.message, where=where) from None
    return TensorSpec(name, dtype, (ANY, *(size if size > 0 else ANY for size in shape[1:])))


def _answers(model: _Model, signature: Signature, rows: Rows) -> Answers:
    arrays = {name: array_of(tensor) for name, tensor in rows.tensors(signature).items()}
    if model.batch:
        return in_batches(arrays, model.batch, partial(_asked, model))
    return _asked(model, arrays)


def _asked(model: _Model, arrays: Mapping[str, Any]) -> Answers:
    interpreter = model.interpreter
    for name, details in model.inputs.items():
        interpreter.resize_tensor_input(details["index"], arrays[name].shape)
    with quiet():
        interpreter.allocate_tensors()
    for name, details in model.inputs.items():
        interpreter.set_tensor(details["index"], arrays[name])
    interpreter.invoke()
    return {name: interpreter.get_tensor(details["index"]).copy() for name, details in model.outputs.items()}


def _candidate(model: _Model, inputs: Sequence[TensorSpec], labels: Sequence[str]) -> Candidate:
    graph = _exported(model.path)
    if model.batch:
        any_rows(graph, model.batch)
    inner = {details["name"]: name for name, details in (*model.inputs.items(), *model.outputs.items())}
    make_canonical(
        graph,
        [inner[value.name] for value in graph.graph.input],
        [inner[value.name] for value in graph.graph.output],
    )
    signature = with_labels(signature_of(graph, {spec.name: spec.columns for spec in inputs}), labels)
    return Candidate(graph.SerializeToString(deterministic=True), signature, slack=_steps(graph))


def _steps(graph: onnx.ModelProto) -> dict[str, float]:
    """Of outputs that come in steps, how large one is: an exact half may be rounded to either side."""
    made = {name: node for node in graph.graph.node for name in node.output}
    numbers = {tensor.name: tensor for tensor in graph.graph.initializer}
    found = {}
    for name in (output.name for output in graph.graph.output if output.name in made):
        node = made[name]
        if node.op_type == "QuantizeLinear":
            found[name] = 1.0
        elif node.op_type == "DequantizeLinear" and node.input[1] in numbers:
            found[name] = float(numpy_helper.to_array(numbers[node.input[1]]).max())
    return found


def _exported(path: Path) -> onnx.ModelProto:
    try:
        with quiet(), tf.Graph().as_default() as graph:
            found = tf2onnx.tfonnx.process_tf_graph(
                graph, continue_on_error=True, opset=OPSET, tflite_path=str(path)
            )
            model: onnx.ModelProto = tf2onnx.optimizer.optimize_graph(found, True).make_model("model")
    except Exception as error:  # noqa: BLE001 - tf2onnx raises whatever its handlers raise
        reason = (str(error).strip().splitlines() or [""])[0][:300]
        raise ConversionError(
            f"tf2onnx cannot convert it: {type(error).__name__}: {reason}", where=str(path)
        ) from None
    require_known(model, str(path))
    return model
