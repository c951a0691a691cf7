"""Files of PyTorch: told apart by what is in them, for .pt and .pth may be anything, and read without unpickling code.

Programs (.pt2) and TorchScript are instructions that PyTorch carries out: build from files that you made or trust.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from contextlib import contextmanager
from enum import Enum
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch

from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_TENSORS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
# Where training loops put the weights within what else they save.
_WITHIN = ("state_dict", "model_state_dict", "model")
# What wrappers put before each name: DataParallel, torch.compile, Lightning.
_PREFIXES = ("module.", "_orig_mod.", "model.")


class Kind(Enum):
    """What a file of PyTorch holds."""

    PROGRAM = "a program of torch.export"
    SCRIPT = "TorchScript"
    STATE = "a state dict"


def kind_of(path: Path) -> Kind:
    """What the file holds; ConversionError when it is none of PyTorch's."""
    if path.suffix.lower() == ".safetensors":
        return Kind.STATE
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
    except zipfile.BadZipFile:
        with path.open("rb") as file:
            if file.read(1) == b"\x80":  # how PyTorch wrote before 1.6
                return Kind.STATE
        raise ConversionError("is no file of PyTorch; save it again", where=str(path)) from None
    if "archive_format" in names:
        if any(name.startswith("data/aotinductor/") for name in names):
            raise ConversionError(
                "holds compiled code; save the program itself with torch.export.save", where=str(path)
            )
        return Kind.PROGRAM
    if "constants.pkl" in names:
        return Kind.SCRIPT
    if "data.pkl" in names:
        return Kind.STATE
    raise ConversionError("is a zip file, but none of PyTorch's; save it again", where=str(path))


def read_program(path: Path) -> Any:
    """The ExportedProgram of a .pt2 file."""
    with _reading(path, "export it again with the PyTorch that is installed here"), _tensors_only():
        return torch.export.load(path)


def read_script(path: Path) -> Any:
    """The ScriptModule of a file, on the CPU."""
    with _reading(path, "save it again with torch.jit.save"):
        return torch.jit.load(str(path), map_location="cpu")


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Weights by name; ConversionError for anything that would run code."""
    if path.suffix.lower() == ".safetensors":
        from safetensors.torch import load_file

        with _reading(path, "write it with safetensors.torch.save_file"):
            weights: dict[str, torch.Tensor] = load_file(path)
            return weights
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise ConversionError(_refusal(path), where=str(path)) from None
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as error:
        raise ConversionError(f"cannot be read: {first_line(error)}", where=str(path)) from None
    return _weights(found, path)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


def _refusal(path: Path) -> str:
    try:
        found = sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))
    except (RuntimeError, UnpicklingError, ValueError, KeyError):
        found = []
    held = f" ({', '.join(found[:5])})" if found else ""
    return (
        f"is pickled with code{held}, which would run when it is read; save torch.save(model.state_dict(), path) and "
        "give --class package.module:Class, or torch.export.save(torch.export.export(model, ...), 'model.pt2')"
    )


def _weights(found: Any, path: Path) -> dict[str, torch.Tensor]:
    """The state dict in what a training loop saved, its names without the prefixes of wrappers."""
    for key in _WITHIN:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    if not isinstance(found, dict) or not found or not all(map(torch.is_tensor, found.values())):
        raise ConversionError(
            f"holds a {type(found).__name__}, no state dict; save torch.save(model.state_dict(), path)",
            where=str(path),
        )
    return {str(name): tensor for name, tensor in found.items()}


def without_prefix(
    weights: Mapping[str, torch.Tensor], wanted: Mapping[str, Any]
) -> Mapping[str, torch.Tensor]:
    """The names that a module wants, where all of them only carry a wrapper's prefix."""
    for prefix in _PREFIXES:
        if set(weights) != set(wanted) and all(name.startswith(prefix) for name in weights):
            weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
    return weights


@contextmanager
def _tensors_only() -> Iterator[None]:
    """Keep PyTorch from unpickling code: its readers of programs ask for it, and take tensors alone as well."""
    before = os.environ.get(_TENSORS_ONLY)
    os.environ[_TENSORS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_TENSORS_ONLY]
        else:
            os.environ[_TENSORS_ONLY] = before


@contextmanager
def _reading(path: Path, advice: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that scripting will go some day
            yield
    except Exception as error:  # noqa: BLE001 - PyTorch's readers raise anything
        raise ConversionError(
            f"cannot be read ({type(error).__name__}: {first_line(error)}); {advice}", where=str(path)
        ) from None
