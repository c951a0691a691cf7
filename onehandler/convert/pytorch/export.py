"""PyTorch's exporters, and what is done to the graphs they write.

A module goes through torch.export first. Where that fails it is scripted, never traced: a trace keeps the one branch
that the example took, and says nothing.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import os
import re
import sys
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import onnx
import torch

from onehandler.convert.pytorch.files import Kind, first_line
from onehandler.errors import ConversionError
from onehandler.signature import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from onehandler.convert.pytorch.originals import Original
    from onehandler.signature import TensorSpec

    Example = Mapping[str, torch.Tensor]
    Export = Callable[[], onnx.ModelProto]

_SCRIPT_OPSET = 18
_STDOUT = 1  # the file descriptor
_INSTEAD = {"prim::DictConstruct": "return a tuple instead of a dict"}
_OPERATOR = re.compile(r"op='([\w.:]+)'|operator '([\w.:]+)'")
_PLACE = re.compile(r'File "([^"]+)", line (\d+), in (\w+)')


def exports(original: Original, example: Example, outputs: Sequence[str]) -> list[tuple[str, Export]]:
    """Ways to say the model in ONNX, the best first, each with a note for the report."""
    by_program = partial(_by_program, original, example, outputs)
    by_script = partial(_by_script, original, example, outputs)
    if original.kind is Kind.PROGRAM:
        return [("", by_program)]
    if original.kind is Kind.SCRIPT:
        return [("", by_script)]
    return [("", by_program), ("PyTorch's exporter for TorchScript", by_script)]


def _by_program(original: Original, example: Example, outputs: Sequence[str]) -> onnx.ModelProto:
    given: dict[str, Any] = {}
    if original.kind is not Kind.PROGRAM:
        given = {"kwargs": dict(example), "dynamic_shapes": _dynamic(original.inputs)}
    _forget_kernels()
    with _quietly():
        try:
            # Of a copy: exporters change what they are given (an LSTM's weights, dropout).
            program = torch.onnx.export(
                _copied(original),
                output_names=list(outputs),
                dynamo=True,
                external_data=False,
                verbose=False,
                **given,
            )
        except Exception as error:  # noqa: BLE001 - exporters raise anything
            raise _refusal(error, original, example) from None
    assert program is not None, "without a file the exporter gives the program"
    return _tidied(program.model_proto, original.inputs, outputs)


def _forget_kernels() -> None:
    """PyTorch 2.13 exchanges the kernels of these while it exports, but not its memory of them.

    Without this every export after a process's first takes their number of steps for fixed, and is refused.
    """
    for operator in (torch.ops.aten.lstm.input, torch.ops.aten.gru.input):
        operator._dispatch_cache.clear()  # noqa: SLF001 - nothing public does


def _by_script(original: Original, example: Example, outputs: Sequence[str]) -> onnx.ModelProto:
    names = list(example)
    sizes = {spec.name: _varying(spec) for spec in original.inputs} | {name: {0: "rows"} for name in outputs}
    written = io.BytesIO()
    with _quietly():
        try:
            script = _scripted(original, example)
            torch.onnx.export(
                script,
                tuple(example.values()),
                written,
                input_names=names,
                output_names=list(outputs),
                dynamic_axes=sizes,
                opset_version=_SCRIPT_OPSET,
                dynamo=False,
            )
        except Exception as error:  # noqa: BLE001 - exporters raise anything
            raise _refusal(error, original, example) from None
    return _tidied(onnx.load_from_string(written.getvalue()), original.inputs, outputs)


def _copied(original: Original) -> Any:
    return original.model if original.kind is Kind.PROGRAM else copy.deepcopy(original.model)


def _scripted(original: Original, example: Example) -> Any:
    """The script, taking exactly these inputs by place: the exporter takes no None for one that was left out."""
    script = _copied(original) if original.kind is Kind.SCRIPT else torch.jit.script(_copied(original))
    if [each.name for each in script.forward.schema.arguments[1:]] == list(example):
        return script
    by_place = _ByPlace(script, list(example))
    return torch.jit.trace(by_place, tuple(example.values()))  # a script within a trace keeps its branches


class _ByPlace(torch.nn.Module):  # type: ignore[misc]
    def __init__(self, script: Any, names: Sequence[str]) -> None:
        super().__init__()
        self.script = script
        self.names = tuple(names)

    def forward(self, *given: torch.Tensor) -> Any:
        return self.script(**dict(zip(self.names, given, strict=True)))


def _dynamic(inputs: Sequence[TensorSpec]) -> dict[str, dict[int, Any]]:
    return {spec.name: dict.fromkeys(_varying(spec), torch.export.Dim.DYNAMIC) for spec in inputs}


def _varying(spec: TensorSpec) -> dict[int, str]:
    """Dimensions that may have any size, each with a name."""
    return {
        place: f"{spec.name}_{place}" if place else "rows"
        for place, size in enumerate(spec.shape)
        if size == ANY
    }


def _tidied(model: onnx.ModelProto, inputs: Sequence[TensorSpec], outputs: Sequence[str]) -> onnx.ModelProto:
    """Without the exporter's notes: they name folders of this machine, and no two builds would be alike."""
    for graph in (model.graph, *model.functions):
        _forget(graph)
    del model.metadata_props[:]
    del model.graph.value_info[:]
    found = [value.name for value in model.graph.input], [value.name for value in model.graph.output]
    wanted = [spec.name for spec in inputs], list(outputs)
    if found != wanted:
        raise ConversionError(
            f"PyTorch's exporter writes a model that takes {found[0]} and gives {found[1]}, expected were {wanted[0]} "
            f"and {wanted[1]}; does the model use all its inputs?"
        )
    return model


def _forget(graph: Any) -> None:
    del graph.metadata_props[:]
    graph.doc_string = ""
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    _forget(inner)
                    del inner.value_info[:]


def _refusal(error: Exception, original: Original, example: Example) -> ConversionError:
    """In a sentence: which operator, and where in the model's own code."""
    chain = list(_chain(error))
    text = "\n".join(str(each) for each in reversed(chain))
    operator = _OPERATOR.search(text)
    if operator is None:
        reason = first_line(chain[-1])
        return ConversionError(f"PyTorch cannot export the model: {reason}", where=_place(text))
    name = operator[1] or operator[2]
    return ConversionError(
        f"PyTorch has no ONNX for the operator '{name}'; {_INSTEAD.get(name, 'write this step with other operators')}",
        where=_place(text) or _place_of(name, original, example),
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _place(text: str) -> str:
    """The last line of Python, outside of PyTorch itself, that a message points at."""
    found = [each for each in _PLACE.findall(text) if "site-packages" not in each[0]]
    return f"{found[-1][0]}:{found[-1][1]} in {found[-1][2]}" if found else ""


def _place_of(operator: str, original: Original, example: Example) -> str:
    """Where the model's code calls an operator; "" when that cannot be told."""
    with contextlib.suppress(Exception):
        program = original.model
        if original.kind is not Kind.PROGRAM:
            shapes = _dynamic(original.inputs)
            program = torch.export.export(_copied(original), (), dict(example), dynamic_shapes=shapes)
        wanted = operator.partition(".")[2].partition(".")[0]
        for node in program.run_decompositions().graph.nodes:
            if wanted in str(node.target):
                return _place(str(node.meta.get("stack_trace")))
    return ""


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """The exporters warn of their own insides, and print, in C++ too."""
    loggers = [
        logging.getLogger(name) for name in ("torch.onnx", "torch.export", "torch.fx", "torch._dynamo")
    ]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    sys.stdout.flush()
    kept, nowhere = os.dup(_STDOUT), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STDOUT)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept, _STDOUT)
        os.close(kept)
        os.close(nowhere)
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
