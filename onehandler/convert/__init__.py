"""Conversions to ONNX, one file a source framework, each checked against the original.

Adding one is a file here with `convert`, a line in `CONVERTERS` and a test with the real framework.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from onehandler.convert.packages import advice
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from onehandler.bundle_writer import Content
    from onehandler.convert.rows import Expected, Rows
    from onehandler.signature import Signature, TensorSpec

CONVERTERS = {
    ".joblib": "onehandler.convert.sklearn",
    ".pkl": "onehandler.convert.sklearn",
    ".pickle": "onehandler.convert.sklearn",
    ".onnx": "onehandler.convert.onnx",
    ".ort": "onehandler.convert.ort",
    ".json": "onehandler.convert.xgboost",
    ".ubj": "onehandler.convert.xgboost",
    ".txt": "onehandler.convert.lightgbm",
    ".cbm": "onehandler.convert.catboost",
    ".skops": "onehandler.convert.skops",
    ".pt": "onehandler.convert.pytorch.conversion",
    ".pt2": "onehandler.convert.pytorch.conversion",
    ".pth": "onehandler.convert.pytorch.conversion",
    ".safetensors": "onehandler.convert.pytorch.conversion",
    ".py": "onehandler.convert.python",
    ".pb": "onehandler.convert.tensorflow.frozen_graph",
    ".keras": "onehandler.convert.tensorflow.keras",
    ".h5": "onehandler.convert.tensorflow.keras",
    ".hdf5": "onehandler.convert.tensorflow.keras",
    ".tflite": "onehandler.convert.tensorflow.tflite",
}
# A folder is known by a file in it.
FOLDERS = {
    "config.json": "onehandler.convert.pytorch.huggingface",
    "model.py": "onehandler.convert.python",
    "saved_model.pb": "onehandler.convert.tensorflow.saved_model",
    "model.json": "onehandler.convert.tensorflow.javascript",
}
# What TensorFlow.js calls its graph, near the start of a .json file; XGBoost's have none such.
_TOPOLOGY = b'"modelTopology"'
_START = 64 * 1024


@dataclass(frozen=True, slots=True)
class Options:
    """What some files don't say of themselves, and their users have to.

    `inputs` declare what the model takes, `labels` name the classes of its scores. `model_class`
    ("package.module:Class") and `arguments` make the object that a file of weights alone belongs to. `allow_code` lets
    Python run, here and wherever the bundle is loaded. `signature` is the one to serve of several.
    """

    inputs: Sequence[TensorSpec] = ()
    labels: Sequence[str] = ()
    model_class: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    allow_code: bool = False
    signature: str = ""

    def require_only(self, *taken: str) -> None:
        """Refuse those that were given and mean nothing to a converter."""
        for name, (option, what) in _OPTIONS.items():
            if getattr(self, name) and name not in taken:
                raise ConversionError(f"means nothing for this file: {what}", where=option)


_OPTIONS = {
    "inputs": ("--input", "it tells its inputs itself, or by its sample"),
    "labels": ("--labels", "it tells its classes itself"),
    "model_class": ("--class", "only weights without a model need one (.pth, .safetensors)"),
    "allow_code": ("--allow-code", "it is no Python code"),
    "signature": ("--signature", "only a SavedModel or TFLite file has several"),
    "arguments": ("--class-argument", "only weights without a model need one (.pth, .safetensors)"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to serve the model; `note` says what was done when it isn't the plain way.

    `name` is the model's file; `weights` are those that the graph says to lie in "model.onnx.data", in the same folder.
    With `preprocessing` (the manifest's list of steps, which need `files`) the signature is what clients see. A
    `runtime` other than "onnx" executes the model as it is; `members` are those of the manifest that it wants. `slack`
    is, by output, how far a quantized answer may be off: one step, as an exact half may be rounded to either side.
    """

    model: bytes
    signature: Signature
    note: str = ""
    weights: Content | None = None
    name: str = "model.onnx"
    preprocessing: Sequence[Mapping[str, Any]] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    runtime: str = "onnx"
    members: Mapping[str, Any] = field(default_factory=dict)
    slack: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a converter found: candidates from the plainest on, and the original's own answers to rows.

    `columns` are those of the sample that the model takes, in its order. `expected` maps rows of them to
    named outputs; None when the file is ONNX already, and there is nothing to compare with. `generated` makes rows up
    that are compared as well, for a model that came without any or takes more sizes than the sample has. `advice` is
    what to do when no candidate answers alike.
    """

    columns: Sequence[str]
    candidates: Sequence[Callable[[], Candidate]]
    expected: Expected | None
    source: Mapping[str, Any]
    warnings: Sequence[str] = ()
    generated: Callable[[], Mapping[str, Rows]] | None = None
    advice: str = ""


class Converter(Protocol):
    """What each file here offers as `convert`."""

    def __call__(self, path: Path, sample: Rows | None, options: Options) -> Conversion:
        """Read the model; ConversionError says what cannot be converted and what to do.

        `sample` are rows the model was trained on; a converter that cannot do without refuses None, and every one
        refuses options that mean nothing to it.
        """
        ...


def converter_for(path: Path) -> Converter:
    """The converter of a file by its extension, of a folder by a file in it; ConversionError lists those there are."""
    module = _module_of(path)
    try:
        found: Converter = import_module(module).convert
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ConversionError(
            f"converting {path.suffix or 'such'} files needs the package '{package}'; {advice(package)}",
            where=str(path),
        ) from None
    return found


def _module_of(path: Path) -> str:
    if path.is_dir():
        known = [module for name, module in FOLDERS.items() if (path / name).is_file()]
        if known:
            return known[0]
        raise ConversionError(f"is a folder without any of {', '.join(FOLDERS)}", where=str(path))
    module = CONVERTERS.get(path.suffix.lower())
    if path.suffix.lower() == ".json" and _has_topology(path):
        return FOLDERS["model.json"]
    if module is None:
        raise ConversionError(
            f"no converter for '{path.suffix}' files; there are {', '.join(CONVERTERS)}", where=str(path)
        )
    return module


def _has_topology(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return _TOPOLOGY in file.read(_START)
