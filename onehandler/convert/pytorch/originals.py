"""PyTorch models as they answer: asked by input name, their outputs named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from onehandler.convert.pytorch.files import Kind
from onehandler.convert.tables import array_of
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError, InvalidInput
from onehandler.signature import ANY, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from onehandler.convert.rows import Answers, Rows

_ONLY_OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Original:
    """A module (of a state dict), script or program, and what it takes."""

    kind: Kind
    model: Any
    inputs: Sequence[TensorSpec]

    def ask(self, rows: Rows) -> Answers:
        """Its outputs by name; ConversionError when they are not as many rows as came."""
        found = self.outputs(self.given(rows))
        for name, tensor in found.items():
            if tensor.ndim == 0 or tensor.shape[0] != len(rows):
                raise ConversionError(
                    f"has shape {list(tensor.shape)} for {len(rows)} rows; each output needs the rows first: return "
                    "it transposed, or not at all",
                    where=f"output '{name}'",
                )
        return {name: _array(name, tensor) for name, tensor in found.items()}

    def given(self, rows: Rows) -> dict[str, torch.Tensor]:
        """Rows as it takes them."""
        return {
            name: torch.from_numpy(np.array(array_of(tensor))) for name, tensor in rows.tensors(self).items()
        }

    def outputs(self, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Call it."""
        with torch.no_grad():
            if self.kind is Kind.PROGRAM:
                args, named = self.model.call_spec.in_spec.unflatten(list(given.values()))
                found = self.model.module()(*args, **named)
            else:
                found = self.model(**given)
        return dict(_flat(found))

    def require_steady(self, rows: Rows) -> None:
        """Refuse a model that answers the same rows differently each time."""
        first, second = self.ask(rows), self.ask(rows)
        for name, array in first.items():
            if not np.array_equal(array, second[name], equal_nan=array.dtype.kind == "f"):
                raise ConversionError(
                    "differs each time the same rows are asked: dropout or other chance is part of the model; call "
                    "model.eval() before it is saved or exported",
                    where=f"output '{name}'",
                )


def program_inputs(program: Any) -> list[TensorSpec]:
    """What a program takes; ConversionError where it isn't tensors of any number of rows."""
    wanted = program.graph_signature.user_inputs
    values = {node.name: node.meta.get("val") for node in program.graph.nodes if node.op == "placeholder"}
    return [_program_input(name, values.get(name)) for name in wanted]


def _program_input(name: Any, value: Any) -> TensorSpec:
    where = f"input '{name}'"
    if not isinstance(value, torch.Tensor):
        raise ConversionError(
            f"is a {type(value).__name__}, not a tensor; export the program without it", where=where
        )
    # A size that may vary is a symbol here.
    shape = tuple(size if isinstance(size, int) else ANY for size in value.shape)
    if shape[:1] != (ANY,):
        raise ConversionError(
            f"takes {list(shape)}: as many rows as when it was exported and no others; export it again with "
            f"dynamic_shapes={{'{name}': {{0: torch.export.Dim.DYNAMIC}}, ...}}",
            where=where,
        )
    try:
        return TensorSpec(str(name), dtype_named(str(value.dtype).removeprefix("torch.")), shape)
    except InvalidInput as error:
        raise ConversionError(error.message, where=where) from None


def _flat(found: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Outputs by name: keys of a dict, fields of a named tuple, places in a tuple."""
    if isinstance(found, torch.Tensor):
        yield name or _ONLY_OUTPUT, found
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from _flat(value, f"{name}_{key}" if name else str(key))
    elif hasattr(found, "_fields"):
        yield from _flat(found._asdict(), name)
    elif isinstance(found, (tuple, list)):
        for place, value in enumerate(found):
            yield from _flat(value, f"{name or _ONLY_OUTPUT}_{place}")
    elif found is not None:  # what was not asked for is None
        raise ConversionError(
            f"the model gives a {type(found).__name__}; return tensors, alone or in a tuple or dict"
        )


def _array(name: str, tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    try:
        found: np.ndarray[Any, Any] = tensor.cpu().numpy()
    except TypeError:
        raise ConversionError(
            f"is {tensor.dtype}, which nothing here compares; return .float()", where=f"output '{name}'"
        ) from None
    return found
