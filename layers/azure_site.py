"""The packages of an Azure app: pinned, hashed, for Linux on x86_64, without what never runs there.

They are installed and compiled once (ten seconds), and kept as an archive from which every app takes them.
"""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.bytecode import compile_folder, toolchain
from layers.cache import built, key_of
from layers.slim import slim
from layers.wheels import REQUIREMENTS, install
from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MOUNTED = "/home/site/wwwroot"  # where the app's archive lies on Azure
# Where the worker puts packages on its import path, from there.
SITE = ".python_packages/lib/site-packages"
_ARCH = "x86_64"
# Of onnxruntime's wheel the library alone is used, which needs none of these.
_OF_THE_BINDING = ("numpy", "flatbuffers", "protobuf", "packaging")
_KEPT = ("LICENSE", "ThirdPartyNotices.txt")


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of requirements/NAME.txt: all that the app runs, or the one that is named, imported as `module`."""

    requirements: str
    package: str = ""
    module: str = ""

    def install(self, site: Path, python: str) -> None:
        """Fill an empty folder, slim it and compile it."""
        if self.package:
            install(self.requirements, site, _ARCH, python, only=self.package)
        else:
            install(self.requirements, site, _ARCH, python, without=_OF_THE_BINDING)
            _keep_library(site / "onnxruntime")
        (site.parent / f"only-{self.package}.txt").unlink(missing_ok=True)
        slim(site)
        compile_folder(site, python, f"{MOUNTED}/{SITE}")


ALWAYS = Packages("azure")
PREPARING = {  # by the kind of declared preprocessing that needs them
    "image": Packages("azure-image", "pillow", "PIL"),
    "text": Packages("azure-text", "tokenizers", "tokenizers"),
}


def fill_site(site: Path, python: str, chosen: Sequence[Packages], cache: Path) -> None:
    """Put packages into a folder, from archives that were made before or are made now."""
    for packages in chosen:
        stored = cache / f"site-{packages.requirements}-{python}.zip"
        requirements = REQUIREMENTS / f"{packages.requirements}.txt"
        key = key_of(packages.requirements, python, toolchain(python), files=[requirements])

        def fill(folder: Path, packages: Packages = packages) -> None:
            packages.install(folder / "site", python)

        built(stored, key, fill, cache)
        with zipfile.ZipFile(stored) as archive:
            for name in archive.namelist():
                target = site / name.removeprefix("site/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


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
