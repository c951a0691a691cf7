"""How each layer is made. A layer's zip is unpacked at /opt: `python/` on sys.path, `lib/` for libraries."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.bytecode import compile_folder
from layers.slim import slim
from layers.wheels import install

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LIBRARY = "libonnxruntime.so.1"  # in the layer's lib/; onehandler.runtimes.onnx_library looks for it there


@dataclass(frozen=True, slots=True)
class Recipe:
    """`build(folder, arch, python)` fills an empty folder with what the layer holds."""

    name: str
    requirements: str
    build: Callable[[Path, str, str], None]


def _onnx(folder: Path, arch: str, python: str) -> None:
    """The library of the onnxruntime wheel, its licences, and nothing else.

    The wheel's library comes stripped, and the rest of the wheel is the Python binding, which we don't use.
    """
    wheel = folder / "wheel"
    install("layer-onnx", wheel, arch, python, only="onnxruntime")
    library = next((wheel / "onnxruntime" / "capi").glob("libonnxruntime.so*"))
    licences = folder / "licences" / "onnxruntime"
    for target in (folder / "lib", licences):
        target.mkdir(parents=True)
    shutil.move(library, folder / "lib" / LIBRARY)
    for name in ("LICENSE", "ThirdPartyNotices.txt"):
        shutil.move(wheel / "onnxruntime" / name, licences / name)
    shutil.rmtree(wheel)
    (folder / "only-onnxruntime.txt").unlink()


def _site(requirements: str) -> Callable[[Path, str, str], None]:
    """A recipe for pure dependencies: install, slim, compile."""

    def build(folder: Path, arch: str, python: str) -> None:
        site = folder / "python"
        install(requirements, site, arch, python)
        slim(site)
        compile_folder(site, python, "/opt/python")

    return build


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("onnx", "layer-onnx", _onnx),
        Recipe("web", "layer-web", _site("layer-web")),
        Recipe("batch", "layer-batch", _site("layer-batch")),
    )
}
