"""The layers there are. Adding one is a requirements file, a line in `LAYERS` and one in serverless.yml."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from layers.errors import BuildError
from layers.onnx_library import stage_library
from layers.slim import copy_slimmed

PYTHON_FOLDER = "python"  # Lambda has /opt/python on the module search path
Stage: TypeAlias = Callable[[Path, Path], None]


def stage_packages(installed: Path, layer: Path) -> None:
    """Lay slimmed packages where Lambda finds them."""
    copy_slimmed(installed, layer / PYTHON_FOLDER)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A layer: which pins of which requirements file, and how installed wheels become the layer's files.

    Without `projects`, all pins of the file.
    """

    requirements: str
    stage: Stage
    projects: tuple[str, ...] = ()


LAYERS = {
    "onnx": Recipe("layer-onnx.txt", stage_library, ("onnxruntime",)),
    "web": Recipe("layer-web.txt", stage_packages),
    "batch": Recipe("layer-batch.txt", stage_packages),
}


def recipe_of(layer: str) -> Recipe:
    """Look a layer up by name."""
    if layer not in LAYERS:
        raise BuildError(f"there is no layer {layer!r}; there are {', '.join(LAYERS)}", where="--layer")
    return LAYERS[layer]
