"""A model as one function of named tensors, whatever file it came from, and its conversion."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from onehandler.convert import Candidate, Conversion
from onehandler.convert.generated import generated
from onehandler.convert.graph import signature_of
from onehandler.convert.tables import Table, array_of
from onehandler.convert.tensorflow.export import exported, frozen
from onehandler.convert.tensorflow.imported import tf, versions
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError, InvalidInput
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.convert import Options
    from onehandler.convert.rows import Answers, Rows

Call = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Function:
    """What a model takes and how it is asked.

    `call` maps tensors by input name to tensors by output name. `owner` has the variables and tables it uses.
    `original`, where it isn't None, is what gives the answers to compare with, and takes just `batch` rows at a time.
    """

    inputs: Sequence[TensorSpec]
    call: Call
    owner: Any
    original: Call | None = None
    batch: int = 0


def conversion_of(
    function: Function, sample: Rows | None, options: Options, source: Mapping[str, Any], where: str
) -> Conversion:
    """The conversion of a function; ConversionError says what cannot be converted."""
    if not function.inputs:
        raise ConversionError("takes no inputs: there is nothing that clients could send", where=where)
    function = _distinct(function)
    inputs = named(function.inputs, sample)
    names = [spec.name for spec in inputs]
    ask = partial(_answers, function, Signature(inputs, inputs))
    return Conversion(
        columns=inputs[0].columns or names,
        candidates=[partial(_candidate, function, inputs, options.labels, where)],
        expected=ask,
        source={**source, "versions": versions()},
        generated=partial(generated, inputs, ask),
    )


def spec_of(name: str, shape: Any, dtype: Any, declared: Mapping[str, TensorSpec]) -> TensorSpec:
    """An input of TensorFlow's shape and type, its first dimension any, or as the user declared it."""
    where = f"input '{name}'"
    if name in declared:
        return declared[name]
    if shape.rank is None:
        raise ConversionError(
            f"has no shape in the file; say it: --input '{name}:{dtype.name}[any,...]'", where=where
        )
    if shape.rank == 0:
        raise ConversionError(
            "is a single value, not one a row; make it a constant and save again", where=where
        )
    try:
        kind = dtype_named(dtype.name)
    except InvalidInput as error:
        raise ConversionError(error.message, where=where) from None
    return TensorSpec(name, kind, (ANY, *(ANY if size is None else size for size in shape.as_list()[1:])))


def declared_inputs(options: Options, names: Sequence[str], where: str) -> dict[str, TensorSpec]:
    """Inputs that the user declared, by name; ConversionError for one that the model has not."""
    found = {spec.name: spec for spec in options.inputs}
    unknown = sorted(found.keys() - set(names))
    if unknown:
        raise ConversionError(
            f"{where} has no input '{unknown[0]}'; its inputs are {', '.join(map(repr, names))}",
            where="--input",
        )
    return found


def named(inputs: Sequence[TensorSpec], sample: Rows | None) -> list[TensorSpec]:
    """With a table's columns on a single input of as many."""
    first = inputs[0]
    if (
        not isinstance(sample, Table)
        or len(inputs) > 1
        or first.shape[1:] not in {(len(sample.names),), (ANY,)}
    ):
        return list(inputs)
    columns = tuple(sample.names)
    return [TensorSpec(first.name, first.dtype, (ANY, len(columns)), columns)]


def counted(name: str) -> list[tuple[int, str]]:
    """A key to sort names by, the numbers in them as numbers: SavedModels keep no order, and output_10 comes last."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def in_batches(arrays: Mapping[str, Any], size: int, ask: Callable[[dict[str, Any]], Answers]) -> Answers:
    """Ask so many rows at a time; the last ones are filled up with the last row."""
    count = len(next(iter(arrays.values())))
    parts = []
    for start in range(0, count, size):
        rows = np.minimum(np.arange(start, start + size), count - 1)
        parts.append(ask({name: array[rows] for name, array in arrays.items()}))
    return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}


def _distinct(function: Function) -> Function:
    """Outputs under names that no input has: TensorFlow lets a model give back what it took."""
    taken = {spec.name for spec in function.inputs}

    def renamed(call: Call) -> Call:
        return lambda tensors: {
            f"{name}_output" if name in taken else name: tensor for name, tensor in call(tensors).items()
        }

    original = renamed(function.original) if function.original else None
    return replace(function, call=renamed(function.call), original=original)


def _answers(function: Function, signature: Signature, rows: Rows) -> Answers:
    arrays = {name: array_of(tensor) for name, tensor in rows.tensors(signature).items()}
    if function.original is not None:
        return in_batches(arrays, function.batch, partial(_asked, function.original))
    return _asked(function.call, arrays)


def _asked(call: Call, arrays: Mapping[str, Any]) -> Answers:
    return {
        name: _array(tensor)
        for name, tensor in call({name: tf.constant(array) for name, array in arrays.items()}).items()
    }


def _array(tensor: Any) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = tensor.numpy()
    if found.dtype.kind != "O":
        return found
    texts = [each.decode("utf-8", "replace") for each in found.ravel().tolist()]
    return np.array(texts, dtype=object).reshape(found.shape)


def _candidate(
    function: Function, inputs: Sequence[TensorSpec], labels: Sequence[str], where: str
) -> Candidate:
    specs = {spec.name: _tensor_spec(spec) for spec in function.inputs}
    graph = exported(frozen(function.call, specs, function.owner, where), where)
    signature = with_labels(signature_of(graph, {spec.name: spec.columns for spec in inputs}), labels)
    for spec in signature.outputs:
        if spec.shape[:1] != (ANY,):
            raise ConversionError(
                f"has shape {spec.shape_text}, which is not an answer a row; save the model without it",
                where=f"output '{spec.name}'",
            )
    return Candidate(graph.SerializeToString(deterministic=True), signature)


def _tensor_spec(spec: TensorSpec) -> Any:
    return tf.TensorSpec([None if size == ANY else size for size in spec.shape], tf.as_dtype(spec.dtype.name))


def with_labels(signature: Signature, labels: Sequence[str]) -> Signature:
    """Names of classes on the output that has as many entries; ConversionError unless just one has."""
    if not labels:
        return signature
    fitting = [
        spec for spec in signature.outputs if spec.dtype.family == "float" and spec.shape[-1] == len(labels)
    ]
    if len(fitting) != 1:
        raise ConversionError(
            f"names {len(labels)} classes, which just one output must have; the model gives "
            f"{', '.join(map(repr, signature.outputs[:4]))}",
            where="--labels",
        )
    outputs = [
        TensorSpec(spec.name, spec.dtype, spec.shape, tuple(labels)) if spec in fitting else spec
        for spec in signature.outputs
    ]
    return Signature(signature.inputs, outputs)
