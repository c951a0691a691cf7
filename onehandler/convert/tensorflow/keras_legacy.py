"""What Keras before 3, and TensorFlow.js, called by a name that means another function in Keras 3.

hard_sigmoid was clip(0.2 x + 0.5, 0, 1) and is relu6(x + 3) / 6. A model trained with the first would answer with the
second, without a word.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from onehandler.convert.tensorflow.imported import keras, tf
from onehandler.errors import ConversionError

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHANGED = "hard_sigmoid"
_FORMER = "onehandler>hard_sigmoid_of_keras_2"


@keras.saving.register_keras_serializable("onehandler", "hard_sigmoid_of_keras_2")  # type: ignore[untyped-decorator]
def hard_sigmoid(x: Any) -> Any:
    """As Keras 2 defined it."""
    return tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0)


@contextmanager
def as_written(path: Path, configuration: Any, where: str) -> Iterator[Path]:
    """The file, or, where its names have changed, a copy that says them in other words."""
    if not _is_former(path) or not _uses_changed(configuration):
        yield path
        return
    if path.suffix.lower() == ".keras":
        raise ConversionError(
            f"was written by Keras 2 with {_CHANGED}, which means another function in Keras 3; save it there as .h5",
            where=where,
        )
    with tempfile.TemporaryDirectory(prefix="onehandler-keras-") as folder:
        copy = Path(shutil.copy(path, Path(folder, "model.h5")))
        with h5py.File(copy, "r+") as file:
            file.attrs["model_config"] = json.dumps(_former(configuration))
        yield copy


def _is_former(path: Path) -> bool:
    """Whether a file, known to be whole, is of Keras 1 or 2."""
    if path.suffix.lower() == ".keras":
        with zipfile.ZipFile(path) as archive:
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
    else:
        with h5py.File(path, "r") as file:
            version = file.attrs.get("keras_version", "1")
    text = version.decode() if isinstance(version, bytes) else str(version)
    return text.startswith(("1", "2"))


def _uses_changed(found: Any) -> bool:
    if isinstance(found, dict):
        return any(map(_uses_changed, found.values()))
    return any(map(_uses_changed, found)) if isinstance(found, list) else found == _CHANGED


def _former(found: Any) -> Any:
    """The description with the function of old wherever it is an activation."""
    if isinstance(found, list):
        return [_former(each) for each in found]
    if not isinstance(found, dict):
        return found
    return {
        key: _function() if key.endswith("activation") and each == _CHANGED else _former(each)
        for key, each in found.items()
    }


def _function() -> dict[str, str]:
    return {"class_name": "function", "config": _FORMER, "registered_name": _FORMER}
