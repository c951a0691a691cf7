"""Builds one layer: wheels of the target, slimmed, compiled, zipped."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from layers.archive import write_archive
from layers.bytecode import compile_folder
from layers.cache import builder_version
from layers.recipes import PYTHON_FOLDER, recipe_of
from layers.wheels import install, requirements_of

if TYPE_CHECKING:
    from layers.recipes import Recipe
    from layers.workshop import Workshop

_UNPACKED = "/opt"  # where Lambda unpacks every layer


def build_layer(name: str, workshop: Workshop) -> Path:
    """The layer's archive in the cache, built now if its inputs are new."""
    recipe = recipe_of(name)
    pins = requirements_of(workshop.root / "requirements" / recipe.requirements, recipe.projects)
    inputs = {
        "requirements": pins,
        "target": str(workshop.target),
        "interpreter": workshop.interpreter.version,
        "builder": builder_version(),
    }

    def build(archive: Path) -> None:
        workshop.progress(f"building layer {name} for {workshop.target}")
        with tempfile.TemporaryDirectory(prefix="onehandler-layer-") as folder:
            _build(recipe, pins, workshop, Path(folder), archive)

    return workshop.cache.archive(f"layer-{name}", inputs, build)


def _build(recipe: Recipe, pins: str, workshop: Workshop, folder: Path, archive: Path) -> None:
    installed, layer = folder / "installed", folder / "layer"
    layer.mkdir()
    install(pins, workshop.target, installed)
    recipe.stage(installed, layer)
    if (layer / PYTHON_FOLDER).is_dir():
        compile_folder(layer / PYTHON_FOLDER, f"{_UNPACKED}/{PYTHON_FOLDER}", workshop.interpreter)
    write_archive(layer, archive)
