"""Builds what the serving container's image is made of: `onehandler package sagemaker`.

OUT/model.tar.gz       the bundle, as SageMaker unpacks it to /opt/ml/model
OUT/image.zip          what the image adds to a plain Python: packages, ONNX Runtime, our program (and its ledger)
OUT/context/           functions/container/Dockerfile and the same unpacked, for any builder; nothing runs in it

Everything is installed and compiled here, so that the image needs neither pip nor a compiler nor a network, and its
files are the same bytes, with the same times, whenever and wherever they are built.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.archive import digest_of, files_below
from layers.build import build_layer
from layers.bytecode import compile_folder, toolchain
from layers.cache import CACHE, built, key_of
from layers.elf import cut_below
from layers.function import ROOT, copy_below
from layers.imports import reach
from layers.ledger import Limits, check_size, ledger_json, ledger_table
from layers.slim import slim
from layers.wheels import REQUIREMENTS, install
from onehandler.bundle import Bundle
from onehandler.bundle_archive import pack
from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from rich.table import Table

# What the image may add to its base, without a model and what prepares images and texts.
LIMITS = Limits("our own", 60_000_000, 60_000_000)
PROGRAMS = (
    "functions.container.serve",
    "functions.container.check",
    "onehandler.serving.supervisor",
    "onehandler.serving.worker",
    "onehandler.runtimes.onnx",
)
_DOCKERFILE = ROOT / "functions" / "container" / "Dockerfile"
_BASE = "/python:3.13-slim"  # there; libraries are for one version of Python
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}  # by AWS's words, as an engine calls them
_TIME = 315_532_800  # 1980-01-01, zip's earliest date: what our archives say of their files


@dataclass(frozen=True, slots=True)
class ContainerReport:
    """What was made."""

    model: Path
    image: Path
    context: Path
    arch: str

    @property
    def command(self) -> str:
        """What builds the image."""
        return f"docker build --platform {_PLATFORMS[self.arch]} {self.context}"

    def table(self) -> Table:
        """The size ledger for people."""
        return ledger_table([self.image], LIMITS)

    def to_json(self) -> dict[str, Any]:
        """Where things are, and the size ledger."""
        return {
            "model": {
                "path": str(self.model),
                "bytes": self.model.stat().st_size,
                "sha256": digest_of(self.model),
            },
            "context": str(self.context),
            "command": self.command,
            **ledger_json([self.image], LIMITS),
        }


def package_container(
    bundle: Path,
    arch: str,
    python: str,
    out: Path,
    told: Callable[[str], None] = lambda _: None,
    *,
    inside: bool = False,
    cache: Path = CACHE,
) -> ContainerReport:
    """Make model.tar.gz and the image's context; with `inside`, the model is part of the image, too.

    `told` hears what is being made. Raises BundleError, SettingsError, or TooLarge past the limit of the ledger.
    """
    found = Bundle.load(str(bundle))
    if found.runtime == "joblib":
        raise SettingsError(
            f"keeps a scikit-learn estimator as it is, which our image has not the packages for; build an image FROM "
            f"ours with {', '.join(f'{name}=={each}' for name, each in found.manifest.get('requires', {}).items())}",
            where=str(bundle),
        )
    told("model.tar.gz")
    model = out / "model.tar.gz"
    pack(bundle, model)
    told("image.zip")
    kinds = sorted({step["kind"] for step in found.manifest.get("preprocessing", ())})
    image = build_image(arch, python, out, cache, kinds)
    told("context")
    context = out / "context"
    shutil.rmtree(context, ignore_errors=True)
    _unpack(image, context / "opt")
    (context / "bundle").mkdir()
    if inside:
        shutil.copytree(bundle, context / "bundle", dirs_exist_ok=True, copy_function=shutil.copyfile)
    dockerfile = _DOCKERFILE.read_text().replace(_BASE, f"/python:{python}-slim")
    (context / "Dockerfile").write_text(dockerfile)
    _set_times(context)
    return ContainerReport(model, image, context, arch)


def build_image(
    arch: str, python: str, out: Path, cache: Path = CACHE, preparing: Sequence[str] = ()
) -> Path:
    """Build OUT/image.zip, or find it built; TooLarge says what takes the most.

    `preparing` are kinds of preprocessing ("image", "text") whose packages the image is to have.
    """
    extra = [f"layer-{kind}" for kind in preparing]
    files = reach(ROOT, PROGRAMS).files
    library = build_layer("onnx", arch, python, out, cache)

    def fill(folder: Path) -> None:
        site = folder / "python"
        for requirements in ("container", *extra):
            install(requirements, site, arch, python)
        slim(site)
        cut_below(site)
        compile_folder(site, python, "/opt/onehandler/python")
        _take(library, folder, ("lib", "licences"))
        copy_below(files, ROOT, folder / "app")
        compile_folder(folder / "app", python, "/opt/onehandler/app")

    target = out / "image.zip"
    names = sorted(path.relative_to(ROOT).as_posix() for path in files)
    requirements = [REQUIREMENTS / f"{name}.txt" for name in ("container", *extra)]
    given = [*requirements, library, *sorted(files)]
    key = key_of("image", arch, python, toolchain(python), *extra, *names, files=given)
    built(target, key, fill, cache)
    library.unlink()
    if not extra:
        check_size(target, LIMITS)
    return target


def _take(archive: Path, folder: Path, tops: Collection[str]) -> None:
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            if name.split("/")[0] in tops:
                opened.extract(name, folder)


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)


def _set_times(folder: Path) -> None:
    """The same permissions and times for every file, and for the folders, whatever this machine's are."""
    for path in files_below(folder).values():
        path.chmod(0o644)
        os.utime(path, (_TIME, _TIME))
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.chmod(0o755)
            os.utime(path, (_TIME, _TIME))
    folder.chmod(0o755)
