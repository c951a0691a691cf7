"""What a model predicts, as the servers of its own framework say it: shared by MLflow, SageMaker, Azure ML, Vertex AI.

Their clients expect what the model's `predict` gave where it was trained: a classifier's labels. So of a model that
gives one label and the probabilities of named classes only the labels are told, unless others are asked for by name.
"""

from __future__ import annotations

from onehandler.errors import InvalidInput, shown
from onehandler.large_array import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from onehandler.signature import Signature, TensorSpec
    from onehandler.tensor import Tensors

OUTPUTS = "outputs"  # the one parameter there is


def predicted(signature: Signature) -> Sequence[TensorSpec]:
    """The outputs that answer for the model when none are asked for."""
    labels = [spec for spec in signature.outputs if is_single(spec)]
    classes = [spec for spec in signature.outputs if spec.columns]
    if len(signature.outputs) == 2 and len(labels) == len(classes) == 1 and labels != classes:
        return labels
    return signature.outputs


def is_single(spec: TensorSpec) -> bool:
    """Whether an output has one value a row."""
    return len(spec.shape) == 1 or (len(spec.shape) == 2 and spec.shape[1] == 1)


def asked_by(signature: Signature, parameters: Any, where: str) -> Sequence[TensorSpec]:
    """The outputs that a request's parameters ask for; InvalidInput for any parameter but `outputs`."""
    if parameters is None or parameters == {}:
        return predicted(signature)
    if not isinstance(parameters, dict):
        raise InvalidInput(f"must be an object, {shown(parameters)} came", where=where)
    if parameters.keys() != {OUTPUTS}:
        raise InvalidInput(
            f"{len(parameters)} parameters came; there is '{OUTPUTS}' alone, a list of the outputs to be told: "
            f"{_known(signature)}",
            where=where,
        )
    return named(signature, parameters[OUTPUTS], f"{where}.{OUTPUTS}")


def named(signature: Signature, names: Any, where: str) -> Sequence[TensorSpec]:
    """The outputs of these names, in their order."""
    names = listed(names, len(signature.outputs))
    fits = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
    known = {spec.name: spec for spec in signature.outputs}
    if not fits or not set(names) <= known.keys() or len(set(names)) != len(names):
        raise InvalidInput(f"must be a list of outputs, each once: {_known(signature)}", where=where)
    return [known[name] for name in names]


def values_of(signature: Signature, specs: Sequence[TensorSpec], outputs: Tensors) -> Any:
    """Predictions: a list of values of one output or of objects by output name; without rows, the tensors whole."""
    sides = {spec.name: _plain(spec, outputs) for spec in specs}
    if len(sides) == 1:
        return next(iter(sides.values()))
    if not signature.batched:
        return sides
    return [dict(zip(sides, row, strict=True)) for row in zip(*sides.values(), strict=True)]


def _plain(spec: TensorSpec, outputs: Tensors) -> Any:
    """Nested lists; where a row has one value, that value."""
    tensor = outputs[spec.name]
    return tensor.values() if is_single(spec) else tensor.nested()


def count_rows(signature: Signature, outputs: Tensors) -> int:
    """How many rows an answer predicts; a model without a row dimension answers one thing at a time."""
    return next(iter(outputs.values())).shape[0] if signature.batched else 1


def _known(signature: Signature) -> str:
    return ", ".join(f"'{name}'" for name in signature.output_names[:20])
