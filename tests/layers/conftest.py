"""Layers and functions built once a session. Workers share them through the build cache, whose lock they take."""

from __future__ import annotations

import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from layers.build import build_layer
from layers.function import FUNCTIONS, build_function
from layers.recipes import RECIPES
from layers.wheels import this_arch
from onehandler.pythons import find_python, this_version
from tests import bundles

Isolated: TypeAlias = Callable[..., str]


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """This machine's artifacts by name ("layer-web", "predict"); functions serve the bundle "iris"."""
    out = tmp_path_factory.mktemp("artifacts")
    bundle = Path(bundles.build("iris", tmp_path_factory.mktemp("bundles")))
    layers = {name: build_layer(name, this_arch(), this_version(), out) for name in RECIPES}
    functions = [build_function(each, bundle, this_version(), layers, out) for each in FUNCTIONS.values()]
    return {path.stem: path for path in (*layers.values(), *functions)}


@pytest.fixture(scope="session")
def unpacked(archives: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each archive unpacked as Lambda does, in a folder of its own."""
    folders = {name: tmp_path_factory.mktemp(f"unpacked-{name}") for name in archives}
    for name, archive in archives.items():
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(folders[name])
    return folders


@pytest.fixture
def isolated() -> Isolated:
    """Run code with nothing importable but the standard library and the folders given; gives what it prints."""

    def run(code: str, *folders: Path, **environment: str) -> str:
        paths = f"import sys; sys.path[:0] = {[str(folder) for folder in folders]!r}\n"
        command = [str(find_python(this_version())), "-S", "-s", "-W", "error", "-c", paths + code]
        plain = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment}
        done = subprocess.run(command, capture_output=True, text=True, env=plain, cwd="/", check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run
