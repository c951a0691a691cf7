"""PyTorch: programs of torch.export (.pt2), TorchScript (.pt), and weights with their class (.pth, .safetensors)."""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from onehandler.convert import Candidate, Conversion
from onehandler.convert.generated import generated
from onehandler.convert.graph import signature_of
from onehandler.convert.pytorch.export import exports
from onehandler.convert.pytorch.files import Kind, first_line, kind_of, read_program, read_script
from onehandler.convert.pytorch.modules import inputs_of, module_of
from onehandler.convert.pytorch.originals import Original, program_inputs
from onehandler.convert.tables import Table
from onehandler.errors import ConversionError
from onehandler.signature import ANY, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import onnx

    from onehandler.convert import Options
    from onehandler.convert.arrays import Arrays
    from onehandler.convert.pytorch.export import Export
    from onehandler.convert.rows import Answers, Rows

    Sizes = Mapping[str, Sequence[int]]

_EXAMPLE = 2  # rows: exporters take one row for a fixed number of rows


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the model, ask it, offer its conversions; see `Converter`."""
    kind = kind_of(path)
    if kind is Kind.PROGRAM:
        options.require_only("labels")
        program = read_program(path)
        original = Original(kind, program, _named(program_inputs(program), sample))
        class_name = "ExportedProgram"
    elif kind is Kind.SCRIPT:
        options.require_only("labels", "inputs")
        script = read_script(path).eval()
        original = Original(kind, script, _named(inputs_of(script, sample, options), sample))
        class_name = f"ScriptModule {script.original_name}"
    else:
        options.require_only("labels", "inputs", "model_class", "arguments")
        module = module_of(path, options)
        original = Original(kind, module, _named(inputs_of(module, sample, options), sample))
        class_name = options.model_class
    return conversion_of(original, sample, options, class_name)


def conversion_of(original: Original, sample: Rows | None, options: Options, class_name: str) -> Conversion:
    """The conversions of a model that has been read."""
    made, warnings = _made_up(original, sample)
    columns = original.inputs[0].columns or [spec.name for spec in original.inputs]
    sets = [*([sample.chosen(columns, "--sample")] if sample is not None else []), *made.values()]
    first = sets[0].part(0, _EXAMPLE)
    answers = _answers(original, first, sets)
    sizes = {name: _sizes([each[name].shape for each in answers]) for name in answers[0]}
    example = {name: _two(tensor) for name, tensor in original.given(first).items()}
    named = _columns(original, sizes, options.labels)
    return Conversion(
        columns=columns,
        candidates=[
            partial(_candidate, export, note, sizes, named)
            for note, export in exports(original, example, list(sizes))
        ],
        expected=original.ask,
        source={
            "framework": "pytorch",
            "class": class_name,
            "versions": {name: version(name) for name in ("torch", "onnx")},
        },
        warnings=warnings,
        generated=(lambda: made) if made else None,
    )


def _answers(original: Original, first: Rows, sets: Sequence[Rows]) -> list[Answers]:
    """The original's answers to each set; ConversionError when it has none, or others each time."""
    try:
        original.require_steady(first)
        return [original.ask(rows) for rows in sets]
    except ConversionError:
        raise
    except Exception as error:  # noqa: BLE001 - a model may raise anything
        raise ConversionError(
            f"the original model cannot answer the rows ({type(error).__name__}: {first_line(error)}); give them in "
            "the shape and type that forward() takes",
            where="--sample",
        ) from None


def _made_up(original: Original, sample: Rows | None) -> tuple[Mapping[str, Arrays], list[str]]:
    """Rows for a model without a sample, or with sizes that one sample cannot show; and what is to be said of it."""
    if sample is None:
        return generated(original.inputs, original.ask), []
    if all(ANY not in spec.shape[1:] for spec in original.inputs):
        return {}, []
    try:
        return generated(original.inputs, original.ask), []
    except ConversionError:
        return {}, [
            "sizes other than the sample's were not compared: none that could be made up are answered"
        ]


def _candidate(export: Export, note: str, sizes: Sizes, columns: Mapping[str, tuple[str, ...]]) -> Candidate:
    graph = export()
    _declare(graph, sizes)
    signature = signature_of(graph, columns)
    if not signature.batched:
        raise ConversionError("PyTorch's exporter fixed the number of rows; is it a part of forward()?")
    return Candidate(graph.SerializeToString(deterministic=True), signature, note)


def _declare(graph: onnx.ModelProto, sizes: Sizes) -> None:
    """Declare the outputs' sizes as the original gives them: exporters note the example's."""
    for output in graph.graph.output:
        shape = output.type.tensor_type.shape
        del shape.dim[:]
        for size in sizes[output.name]:
            shape.dim.add(**({} if size == ANY else {"dim_value": size}))


def _sizes(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Rows first; of the others those that were always the same."""
    if len({len(shape) for shape in shapes}) > 1:
        raise ConversionError("the model's outputs have more dimensions for some rows than for others")
    rest = zip(*(shape[1:] for shape in shapes), strict=True)
    return (ANY, *(each[0] if len(set(each)) == 1 else ANY for each in rest))


def _two(tensor: Any) -> Any:
    return tensor if len(tensor) == _EXAMPLE else tensor.repeat(_EXAMPLE, *[1] * (tensor.ndim - 1))


def _named(inputs: Sequence[TensorSpec], sample: Rows | None) -> Sequence[TensorSpec]:
    """With a table's columns on the only input."""
    if not isinstance(sample, Table):
        return inputs
    first = inputs[0]
    if len(inputs) > 1 or len(first.shape) != 2 or first.shape[1] not in (ANY, len(sample.names)):
        raise ConversionError(
            f"is a table of {len(sample.names)} columns, the model takes {', '.join(map(repr, inputs[:4]))}; give "
            "arrays by input name (.npz)",
            where="--sample",
        )
    return [TensorSpec(first.name, first.dtype, (ANY, len(sample.names)), tuple(sample.names))]


def _columns(original: Original, sizes: Sizes, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Names of the last dimension, by input and output."""
    columns = {spec.name: spec.columns for spec in original.inputs if spec.columns}
    if labels:
        fitting = [name for name, shape in sizes.items() if len(shape) > 1 and shape[-1] == len(labels)]
        if len(fitting) != 1:
            told = ", ".join(f"'{name}' {list(shape)}" for name, shape in sizes.items())
            raise ConversionError(
                f"names {len(labels)} classes; of the outputs just one must have as many last: {told}",
                where="--labels",
            )
        columns[fitting[0]] = tuple(labels)
    return columns
