"""Layers models of TensorFlow.js: written as the Keras file that they describe, and read by Keras."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from onehandler.convert.tensorflow import keras
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from onehandler.convert import Conversion, Options
    from onehandler.convert.rows import Rows


def layers_conversion(
    topology: Mapping[str, Any],
    weights: Mapping[str, np.ndarray[Any, Any]],
    path: Path,
    sample: Rows | None,
    options: Options,
) -> Conversion:
    """The conversion of a layers model; ConversionError when Keras cannot read it."""
    configuration = topology.get("model_config", topology)
    layers = _layer_names(configuration)
    if not layers:
        raise ConversionError(
            "describes neither a graph nor layers; convert the model again", where=str(path)
        )
    by_layer: dict[str, list[str]] = {name: [] for name in layers}
    for weight in weights:
        owner = max((name for name in layers if weight.startswith(f"{name}/")), key=len, default="")
        if not owner:
            raise ConversionError(
                f"has weights of no layer: '{weight[:100]}'; convert it again", where=str(path)
            )
        by_layer[owner].append(weight)
    with tempfile.TemporaryDirectory(prefix="onehandler-layers-") as folder:
        file = Path(folder, "model.h5")
        _write(file, configuration, by_layer, weights)
        return keras.conversion_of_file(file, sample, options, str(path))


def _layer_names(configuration: Any) -> list[str]:
    """In the order of the model; Sequential models of old have no more than a list."""
    config = configuration.get("config") if isinstance(configuration, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else config
    if not isinstance(layers, list):
        return []
    return [
        str(each["config"]["name"])
        for each in layers
        if isinstance(each, dict) and "name" in each.get("config", {})
    ]


def _write(
    file: Path,
    configuration: Any,
    by_layer: Mapping[str, list[str]],
    weights: Mapping[str, np.ndarray[Any, Any]],
) -> None:
    """As Keras 2 wrote .h5 files: a group a layer, and in its attributes the order of its weights."""
    with h5py.File(file, "w") as target:
        target.attrs["model_config"] = json.dumps(configuration)
        target.attrs["keras_version"] = "2.15.0"
        target.attrs["backend"] = "tensorflow"
        group = target.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in by_layer]
        for layer, names in by_layer.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name in names]
            for name in names:
                inner.create_dataset(name, data=weights[name])
