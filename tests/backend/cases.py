"""ONNX's own node tests: one small model each, what goes in and what must come out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.loader import load_model_tests

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]


TENSORS = frozenset({"tensor_type"})


@dataclass(frozen=True, slots=True)
class NodeCase:
    """`kinds` are what its inputs and outputs are, in ONNX's words.

    `sets` are inputs by name, each with the outputs expected in order: arrays, but lists of them for a sequence and
    None for an empty optional.
    """

    name: str
    model: onnx.ModelProto
    kinds: frozenset[str]
    sets: Sequence[tuple[Arrays, list[NDArray[Any]]]]
    rtol: float
    atol: float


def node_cases() -> list[NodeCase]:
    """All that the installed onnx has, in its order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # their own numbers overflow on purpose
        return [_case(found) for found in load_model_tests(kind="node")]


def _case(found: Any) -> NodeCase:
    graph = found.model.graph
    kinds = frozenset(str(each.type.WhichOneof("value")) for each in (*graph.input, *graph.output))
    names = [each.name for each in graph.input]
    sets = [
        (dict(zip(names, map(_value, inputs), strict=True)), [_value(each) for each in outputs])
        for inputs, outputs in found.data_sets
    ]
    return NodeCase(found.name, found.model, kinds, sets, found.rtol, found.atol)


def _value(value: Any) -> Any:
    """As numpy has it: some tensors are ONNX's messages, and scalars of numpy's are no arrays."""
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    if value is None or isinstance(value, list):
        return value
    return np.asarray(value)
