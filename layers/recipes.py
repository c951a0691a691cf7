"""How each layer is made. A layer's zip is unpacked at /opt: `python/` on sys.path, `lib/` for libraries."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.bytecode import compile_folder
from layers.slim import slim
from layers.wheels import install
from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# One file, no links, named as the library names itself (its SONAME). /opt/lib is on Lambda's LD_LIBRARY_PATH;
# onehandler.runtimes.onnx_library looks there.
LIBRARY_PATH_IN_LAYER = "lib/libonnxruntime.so.1"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`build(folder, arch, python)` fills an empty folder with what the layer holds."""

    name: str
    requirements: str
    build: Callable[[Path, str, str], None]
    asked: bool = False  # built only where somebody asks for it


def _onnx(folder: Path, arch: str, python: str) -> None:
    """The library of the onnxruntime wheel with its licences, and orjson, which reads large bodies.

    The wheel's library comes stripped, and the rest of the wheel is the Python binding, which we don't use.
    """
    site = folder / "python"
    install("layer-onnx", site, arch, python, only="orjson")
    (folder / "only-orjson.txt").unlink()
    slim(site)
    compile_folder(site, python, "/opt/python")
    wheel = folder / "wheel"
    install("layer-onnx", wheel, arch, python, only="onnxruntime")
    libraries = list((wheel / "onnxruntime" / "capi").glob("libonnxruntime.so*"))
    if len(libraries) != 1:
        raise SettingsError(
            f"has {len(libraries)} files libonnxruntime.so*, not one", where="onnxruntime wheel"
        )
    target = folder / LIBRARY_PATH_IN_LAYER
    licences = folder / "licences" / "onnxruntime"
    for made in (target.parent, licences):
        made.mkdir(parents=True)
    shutil.move(libraries[0], target)
    for name in ("LICENSE", "ThirdPartyNotices.txt"):
        shutil.move(wheel / "onnxruntime" / name, licences / name)
    shutil.rmtree(wheel)
    (folder / "only-onnxruntime.txt").unlink()


def _site(requirements: str, only: str = "") -> Callable[[Path, str, str], None]:
    """A recipe for pure dependencies, or for one of them alone: install, slim, compile."""

    def build(folder: Path, arch: str, python: str) -> None:
        site = folder / "python"
        install(requirements, site, arch, python, only=only)
        if only:
            (folder / f"only-{only}.txt").unlink()
        slim(site)
        compile_folder(site, python, "/opt/python")

    return build


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("onnx", "layer-onnx", _onnx),
        Recipe("web", "layer-web", _site("layer-web")),
        Recipe("batch", "layer-batch", _site("layer-batch")),
        Recipe("parquet", "layer-parquet", _site("layer-parquet"), asked=True),
        Recipe("image", "layer-image", _site("layer-image"), asked=True),
        # It requires huggingface-hub, with ten packages of its own, for downloads that we don't do.
        Recipe("text", "layer-text", _site("layer-text", only="tokenizers"), asked=True),
    )
}
