"""Which program stands for an image, since there is no engine here that would run it.

An image of ours (its repository's name has `onehandler` in it) is the program that it would start, from this checkout:
process mode. Of any other image, and of ours where the image itself is to be proven, a root file system may be given
(built with buildah, say): it is run with bubblewrap. What is neither is refused by name.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local_emulator.sagemaker.errors import CannotServe
from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = Path(__file__).parents[2]
_OURS = "onehandler"
_SERVE = "serve"  # what SageMaker gives every container as its argument
_MODEL = "/opt/ml/model"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Program:
    """A command with its environment; `inside` is where it finds the model's folder."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    inside: str


@dataclass(frozen=True, slots=True)
class RootFileSystem:
    """An image's content: its folder, and what its entry point and environment are."""

    folder: Path
    entry_point: tuple[str, ...]
    environment: Mapping[str, str]
    workdir: str = "/"

    @classmethod
    def of_bundle(cls, bundle: Path) -> RootFileSystem:
        """Read an OCI runtime bundle: config.json, and the root file system that it names.

        https://github.com/opencontainers/runtime-spec/blob/main/bundle.md. SettingsError says what is wrong with it.
        """
        try:
            config = json.loads((bundle / "config.json").read_bytes())
            process, root = config["process"], bundle / config["root"]["path"]
            words = tuple(str(word) for word in process["args"])
            environment = dict(str(each).split("=", 1) for each in process.get("env", ()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"is no OCI runtime bundle: {error}"[:300], where=str(bundle)) from None
        if not root.is_dir():
            raise SettingsError(f"has no root file system at {root}", where=str(bundle))
        entry = words[:-1] if words[-1:] == (_SERVE,) else words
        return cls(root, entry, environment, str(process.get("cwd", "/")))


class Images:
    """Finds the program of an image; `file_systems` by image."""

    def __init__(self, file_systems: Mapping[str, RootFileSystem] | None = None) -> None:
        self._file_systems = dict(file_systems or {})

    def program(self, image: str, model: Path) -> Program:
        """The program that serves the model in this folder. Raises CannotServe for an image that nobody knows."""
        found = self._file_systems.get(image)
        if found is not None:
            return Program(_isolated(found, model), {"PATH": _PATH, **found.environment}, _MODEL)
        if _OURS not in image.rpartition("/")[2]:
            raise CannotServe(
                f"the emulator runs onehandler's own image (named …/{_OURS}…) as a process, and images whose root file "
                f"system it is given; {image} is neither"
            )
        command = (sys.executable, "-m", "functions.container.serve", _SERVE)
        environment = {
            "PATH": os.environ.get("PATH", _PATH),
            "PYTHONPATH": str(_ROOT),
            "PYTHONUNBUFFERED": "1",
            "SM_MODEL_DIR": str(model),
        }
        return Program(command, environment, str(model))


def _isolated(image: RootFileSystem, model: Path) -> tuple[str, ...]:
    bubblewrap = shutil.which("bwrap")
    if bubblewrap is None:
        raise CannotServe("an image's root file system is run with bubblewrap; apt-get install bubblewrap")
    mounts: Sequence[str] = (
        *("--ro-bind", str(image.folder), "/", "--bind", str(model), _MODEL),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", image.workdir),  # noqa: S108 - its own
        "--unshare-pid",  # not --die-with-parent: that is when the thread ends that started it; the warden sees to it
    )
    return (bubblewrap, *mounts, *image.entry_point, _SERVE)
