"""The packages of an Azure app: pinned, hashed, for Linux on x86_64, without what never runs there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.slim import slim
from layers.wheels import install
from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Where the worker puts packages on its import path, from the top of the archive.
SITE = ".python_packages/lib/site-packages"
# Of onnxruntime's wheel the library alone is used, which needs none of these.
_OF_THE_BINDING = ("numpy", "flatbuffers", "protobuf", "packaging")
_KEPT = ("LICENSE", "ThirdPartyNotices.txt")
_ARCH = "x86_64"


@dataclass(frozen=True, slots=True)
class Preparing:
    """What a kind of declared preprocessing needs: requirements/NAME.txt, of it one package, imported by a name."""

    requirements: str
    package: str
    module: str


PREPARING = {
    "image": Preparing("azure-image", "pillow", "PIL"),
    "text": Preparing("azure-text", "tokenizers", "tokenizers"),
}


def fill_site(site: Path, python: str, preparing: Sequence[Preparing]) -> None:
    """Install into an empty folder and slim it."""
    install("azure", site, _ARCH, python, without=_OF_THE_BINDING)
    _keep_library(site / "onnxruntime")
    for each in preparing:
        install(each.requirements, site, _ARCH, python, only=each.package)
        (site.parent / f"only-{each.package}.txt").unlink()
    slim(site)


def names_in(site: Path) -> frozenset[str]:
    """The top-level names that can be imported from it."""
    names = {path.name.partition(".")[0] for path in site.iterdir() if not path.name.endswith(".dist-info")}
    return frozenset(names)


def _keep_library(package: Path) -> None:
    """Leave libonnxruntime.so where onehandler.onnx_start looks for it, with its licences, and nothing else."""
    libraries = list((package / "capi").glob("libonnxruntime.so*"))
    if len(libraries) != 1:
        raise SettingsError(
            f"has {len(libraries)} files libonnxruntime.so*, not one", where="onnxruntime wheel"
        )
    kept = {libraries[0], *(package / name for name in _KEPT)}
    for path in sorted(package.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                shutil.rmtree(path)
        elif path not in kept:
            path.unlink()
