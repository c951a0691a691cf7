"""Keras models in .keras, .h5 and .hdf5 files, read in safe mode: nothing that is stored as code is run."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import h5py

from onehandler.convert.tensorflow.function import Function, conversion_of, declared_inputs, spec_of
from onehandler.convert.tensorflow.imported import keras, tf
from onehandler.convert.tensorflow.keras_legacy import as_written
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows

# Python's functions, and layers that load a file of another framework from wherever they say.
_RUNNING = ("Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
_LARGEST = (
    64 * 1024 * 1024
)  # bytes of a description; that of a network of thousands of layers has two million
_EXPORT = "load it where you made it, call model.export(FOLDER), and build from that folder"


def convert(path: Path, sample: Rows | None, options: Options) -> Conversion:
    """Read the model; see `Converter`. With `allow_code`, layers stored as code are run, here and never again."""
    options.require_only("inputs", "labels", "allow_code")
    return conversion_of_file(path, sample, options, str(path))


def conversion_of_file(path: Path, sample: Rows | None, options: Options, where: str) -> Conversion:
    """The conversion of a file that Keras wrote, or might have written."""
    configuration = _configuration(path, where)
    if not options.allow_code:
        _refuse_code(configuration, where)
    with as_written(path, configuration, where) as file:
        model = _loaded(file, options.allow_code, where)
    source = {"framework": "keras", "class": type(model).__name__, "keras": keras.__version__}
    return conversion_of(_function(model, options, where), sample, options, source, where)


def _loaded(path: Path, allow_code: bool, where: str) -> Any:
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=not allow_code)
    except Exception as error:  # noqa: BLE001 - Keras raises whatever its layers raise
        reason = " ".join(str(error).rpartition("Exception encountered:")[2].split())[:300]
        raise ConversionError(
            f"cannot be read by Keras {keras.__version__} ({type(error).__name__}: {reason}); if it has layers of "
            f"your own, {_EXPORT}",
            where=where,
        ) from None


def _function(model: Any, options: Options, where: str) -> Function:
    if not getattr(model, "inputs", None):
        raise ConversionError(f"doesn't say what it takes: {_EXPORT}", where=where)
    names = _names(model)
    declared = declared_inputs(options, names, where)
    inputs = [
        spec_of(name, tf.TensorShape(tensor.shape), tf.as_dtype(tensor.dtype), declared)
        for name, tensor in zip(names, model.inputs, strict=True)
    ]

    def call(tensors: Mapping[str, Any]) -> dict[str, Any]:
        given = tf.nest.pack_sequence_as(_structure(model), [tensors[name] for name in names])
        return _outputs(model, model(given, training=False))

    return Function(inputs, call, model)


def _structure(model: Any) -> Any:
    """One input, a list or a dict of them: what a Sequential model that was read doesn't say."""
    return model.inputs[0] if isinstance(model, keras.Sequential) else model.input


def _names(model: Any) -> list[str]:
    """What the inputs are called: by the keys they are given under, or else by their layers."""
    structure = _structure(model)
    if isinstance(structure, dict):
        return sorted(structure)  # the order of a flattened dict
    layers = {
        id(tensor): layer.name
        for layer in model.layers
        if isinstance(layer, keras.layers.InputLayer)
        for tensor in tf.nest.flatten(layer.output)
    }
    return [layers.get(id(tensor), tensor.name) for tensor in model.inputs]


def _outputs(model: Any, answer: Any) -> dict[str, Any]:
    """By the keys of a dict, or else by the layers they come from; of several alike, numbered."""
    if isinstance(answer, dict):
        return answer
    found: dict[str, Any] = {}
    told = [model.layers[-1].name] if isinstance(model, keras.Sequential) else model.output_names
    for name, tensor in zip(told, tf.nest.flatten(answer), strict=True):
        taken = sum(each == name or each.rpartition("_")[0] == name for each in found)
        found[f"{name}_{taken}" if taken else name] = tensor
    return found


def _configuration(path: Path, where: str) -> Any:
    """The model's description, read without Keras."""
    try:
        if path.suffix.lower() == ".keras":
            with zipfile.ZipFile(path) as archive:
                return json.loads(_part(archive, "config.json"))
        with h5py.File(path, "r") as file:
            return json.loads(file.attrs["model_config"])
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ConversionError(
            f"is not a whole Keras model ({reason}); write it with model.save, not save_weights",
            where=where,
        ) from None


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    size = archive.getinfo(name).file_size
    if size > _LARGEST:
        raise ValueError(f"its description has {size:,} bytes, at most {_LARGEST:,} are read")
    return archive.read(name)


def _refuse_code(configuration: Any, where: str) -> None:
    for kind, name in _code(configuration):
        raise ConversionError(
            f"the layer '{name}' ({kind}) is stored as code; let it run here with --allow-code if the file is your "
            "own, or say it in Keras' other layers",
            where=where,
        )


def _code(found: Any) -> Iterator[tuple[str, str]]:
    """Class and name of what would run code."""
    if isinstance(found, list):
        for each in found:
            yield from _code(each)
    elif isinstance(found, dict):
        kind, config = found.get("class_name"), found.get("config")
        if kind in _RUNNING:
            yield kind, str(config.get("name", ""))[:80] if isinstance(config, dict) else ""
        for each in found.values():
            yield from _code(each)
