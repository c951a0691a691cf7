"""A module made of a class and a state dict, and what modules and scripts take."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from onehandler.convert.arrays import ONLY, Arrays, dtype_of
from onehandler.convert.pytorch.files import first_line, read_state, without_prefix
from onehandler.convert.tables import Table
from onehandler.dtypes import dtype_named
from onehandler.errors import ConversionError
from onehandler.signature import ANY, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onehandler.convert import Options
    from onehandler.convert.rows import Rows

_SHOWN = 5  # names of a message


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of forward()."""

    name: str
    needed: bool


def module_of(path: Path, options: Options) -> torch.nn.Module:
    """Import the class, make the object, give it the weights; ConversionError says what doesn't fit."""
    weights = read_state(path)
    if not options.model_class:
        raise ConversionError(
            f"holds weights ({len(weights)} tensors: {_listed(sorted(weights))}) and no model; give their class with "
            "--class package.module:Class, and its arguments with --class-argument",
            where=str(path),
        )
    made = _made(options)
    if not isinstance(made, torch.nn.Module):
        raise ConversionError(
            f"gives a {type(made).__name__}, no torch.nn.Module", where=f"--class {options.model_class}"
        )
    wanted = made.state_dict()
    found = without_prefix(weights, wanted)
    missing, unknown = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing or unknown:
        raise ConversionError(
            f"has other weights than {options.model_class}: lacks {_listed(missing)}; has besides {_listed(unknown)}; "
            "is it the class (and --class-argument) they were trained with?",
            where=str(path),
        )
    try:
        made.load_state_dict(dict(found))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise ConversionError(f"{reason}; see --class-argument", where=str(path)) from None
    return made.eval()


def parameters_of(model: Any) -> list[Parameter]:
    """What forward() takes."""
    if isinstance(model, torch.jit.ScriptModule):
        given = model.forward.schema.arguments[1:]
        return [Parameter(each.name, not each.has_default_value()) for each in given]
    found = inspect.signature(model.forward).parameters.values()
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [
        Parameter(each.name, each.default is inspect.Parameter.empty) for each in found if each.kind in plain
    ]


def inputs_of(model: Any, sample: Rows | None, options: Options) -> list[TensorSpec]:
    """What the model takes, in forward's order: as --input declares, else as the sample has it."""
    parameters = parameters_of(model)
    if options.inputs:
        found = {spec.name: spec for spec in options.inputs}
    elif isinstance(sample, Arrays):
        found = _like_arrays(sample, parameters, _float_type(model))
    elif isinstance(sample, Table):
        found = _like_table(sample, parameters, _float_type(model))
    else:
        raise ConversionError(
            "is needed: the file doesn't say what the model takes. Give arrays by input name (.npz), a table, or "
            f"--input for each of {_listed([each.name for each in parameters])}",
            where="--sample",
        )
    known = [each.name for each in parameters]
    unknown = [name for name in found if name not in known]
    missing = [each.name for each in parameters if each.needed and each.name not in found]
    if unknown or missing:
        raise ConversionError(
            f"forward() takes {_listed(known)}; came besides: {_listed(unknown)}; lacking: {_listed(missing)}",
            where="--input" if options.inputs else "--sample",
        )
    return [found[name] for name in known if name in found]


def _made(options: Options) -> Any:
    where = f"--class {options.model_class}"
    module, _, path = options.model_class.partition(":")
    sys.path.insert(0, str(Path.cwd()))  # as python -m does
    try:
        found: Any = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except ModuleNotFoundError as error:
        raise ConversionError(
            f"there is no module '{error.name}'; run where it can be imported", where=where
        ) from None
    except AttributeError as error:
        raise ConversionError(str(error), where=where) from None
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        raise ConversionError(
            f"cannot be imported ({type(error).__name__}: {first_line(error)})", where=where
        ) from None
    finally:
        sys.path.remove(str(Path.cwd()))
    try:
        return found(**options.arguments)
    except Exception as error:  # noqa: BLE001 - so may a class
        raise ConversionError(
            f"cannot be made ({type(error).__name__}: {first_line(error)}); see --class-argument", where=where
        ) from None


def _like_arrays(sample: Arrays, parameters: Sequence[Parameter], floats: str) -> dict[str, TensorSpec]:
    found = {}
    for name, array in sample.arrays.items():
        taken = parameters[0].name if name == ONLY and parameters else name
        kind = dtype_of(array, f"array '{name}'")
        dtype = dtype_named(floats) if kind.family == "float" else kind
        found[taken] = TensorSpec(taken, dtype, (ANY, *array.shape[1:]))
    return found


def _like_table(sample: Table, parameters: Sequence[Parameter], floats: str) -> dict[str, TensorSpec]:
    needed = [each.name for each in parameters if each.needed] or [each.name for each in parameters[:1]]
    if len(needed) != 1:
        raise ConversionError(
            f"a table fills one input, the model takes {_listed(needed)}; give arrays by input name (.npz)",
            where="--sample",
        )
    columns = tuple(sample.names)
    return {needed[0]: TensorSpec(needed[0], dtype_named(floats), (ANY, len(columns)), columns)}


def _float_type(model: Any) -> str:
    """That of the weights: rows of numpy and of CSV are float64, whatever the model computes in."""
    kinds = [
        str(each.dtype).removeprefix("torch.") for each in model.parameters() if each.is_floating_point()
    ]
    return kinds[0] if kinds else "float32"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"'{name}'" for name in names[:_SHOWN]) + more or "nothing"
