"""A deployment on disk: a folder as it is, or a zip unpacked as Azure mounts it."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_emulator.aws.execution.archive import make_read_only, unpack
from local_emulator.aws.execution.errors import InvalidArchive
from local_emulator.azure.errors import DeploymentRefused
from local_emulator.azure.workers.environments import NEWEST

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ".python_packages/lib/site-packages"
_EXTENSION = re.compile(r"\.cpython-(\d)(\d+)-")
_REQUIREMENT = re.compile(r"^\s*[A-Za-z0-9]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Deployment:
    """An app's folder, the Python it is for, and where its packages are."""

    folder: Path
    python: str  # "3.13"
    packages: Path | None  # .python_packages, when it came with them
    requirements: Path | None  # requirements.txt, when Azure would install from it


def open_deployment(path: Path, scratch: Path) -> Deployment:
    """Take a folder or a zip; a zip is unpacked below `scratch`. Raises DeploymentRefused."""
    folder = path.resolve() if path.is_dir() else _unpacked(path, scratch)
    if not (folder / "host.json").is_file():
        raise DeploymentRefused(
            f"{path} has no host.json at its top; an app is a folder or a zip with host.json and function_app.py"
        )
    packages = folder / PACKAGES
    version = _python_version(folder)
    if not packages.is_dir():
        return Deployment(folder, version, None, _requirements(folder))
    _check_built_for(packages, version)
    return Deployment(folder, version, packages, None)


def _unpacked(path: Path, scratch: Path) -> Path:
    if not path.is_file():
        raise DeploymentRefused(f"{path} does not exist; give a folder with host.json, or a deployment zip")
    folder = scratch / "wwwroot"
    folder.mkdir(parents=True)
    try:
        unpack(path.read_bytes(), folder)
    except (InvalidArchive, zipfile.BadZipFile) as error:
        raise DeploymentRefused(f"{path} is no deployment zip: {error}") from error
    make_read_only(folder)  # as Azure mounts it
    return folder


def _python_version(folder: Path) -> str:
    file = folder / ".python-version"
    if not file.is_file():
        return NEWEST
    return ".".join(file.read_text().strip().split(".")[:2])


def _requirements(folder: Path) -> Path | None:
    """Give requirements.txt when it asks for something; without packages in the deployment, Azure installs."""
    file = folder / "requirements.txt"
    return file if file.is_file() and _REQUIREMENT.search(file.read_text()) else None


def _check_built_for(packages: Path, version: str) -> None:
    """Refuse compiled modules of another Python, which would be missing at the first import."""
    for module in packages.rglob("*.so"):
        built = _EXTENSION.search(module.name)
        if built and f"{built[1]}.{built[2]}" != version:
            raise DeploymentRefused(
                f"{module.relative_to(packages)} is built for Python {built[1]}.{built[2]} and the app runs on "
                f"{version}; package it for {version}"
            )
