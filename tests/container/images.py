"""Images without an engine: built by buildah over a Debian that debootstrap makes, run by bubblewrap."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROGRAMS = ("buildah", "bwrap", "debootstrap")
RELEASE, PYTHON = "trixie", "3.13"  # of Debian, and the Python that it has
BASE = Path(__file__).parents[2] / "build" / "container" / RELEASE
_MOUNTS = ("opt/ml/model", "proc", "dev", "tmp")  # an engine makes those that an image lacks


def missing() -> str:
    """What this machine lacks to build and run images; "" if nothing."""
    lacks = [name for name in PROGRAMS if shutil.which(name) is None]
    if lacks:
        return f"needs {', '.join(lacks)} (apt-get install buildah bubblewrap debootstrap)"
    return "" if os.geteuid() == 0 else "needs root"


def base() -> Path:
    """A minimal Debian with its own Python, made once a checkout: half a minute and 80 MB of downloads."""
    done = BASE.with_suffix(".done")
    if not done.exists():
        shutil.rmtree(BASE, ignore_errors=True)
        BASE.parent.mkdir(parents=True, exist_ok=True)
        _run("debootstrap", "--variant=minbase", "--include=python3-minimal,python3", RELEASE, str(BASE))
        done.touch()
    return BASE


@dataclass(frozen=True, slots=True)
class Images:
    """A store of images in a folder of its own."""

    folder: Path
    driver: str

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[Images]:
        """A store for as long as a `with` block: half a gigabyte that nobody needs afterwards."""
        with tempfile.TemporaryDirectory(prefix="onehandler-images-") as folder:
            found = cls(Path(folder), "overlay" if _overlays() else "vfs")
            try:
                yield found
            finally:
                found._buildah("umount", "--all")
                found._buildah("rm", "--all")

    def import_base(self, root: Path) -> str:
        """Make an image of a folder; gives its name."""
        working = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", working, str(root), "/")
        self._buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", working)
        self._buildah("commit", "--quiet", "--rm", working, "localhost/base")
        return "localhost/base"

    def build(self, context: Path, base_image: str, name: str) -> Image:
        """Build a Dockerfile's image, as CI systems without an engine do."""
        options = ["--isolation", "chroot", "--format", "docker", "--build-arg", f"BASE={base_image}"]
        self._buildah("bud", *options, "--tag", name, str(context))
        config = json.loads(self._buildah("inspect", "--type", "image", name))["Docker"]["config"]
        working = self._buildah("from", name)
        root = Path(self._buildah("mount", working))
        for mount in _MOUNTS:
            (root / mount).mkdir(parents=True, exist_ok=True)
        return Image(config, root)

    def size(self, name: str) -> int:
        """Bytes, as the store counts them."""
        [found] = json.loads(self._buildah("images", "--json", name))
        text, unit = str(found["size"]).split()
        return int(float(text) * {"KB": 1e3, "MB": 1e6, "GB": 1e9}[unit.upper()])

    def _buildah(self, *words: str) -> str:
        store = ["--root", str(self.folder / "images"), "--runroot", str(self.folder / "run")]
        return _run("buildah", *store, "--storage-driver", self.driver, *words)


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: its configuration, and where its files are."""

    config: Mapping[str, Any]
    root: Path

    def files(self) -> dict[str, int]:
        """Bytes of every plain file by its path, mount points aside."""
        return {
            path.relative_to(self.root).as_posix(): path.lstat().st_size
            for path in self.root.rglob("*")
            if path.is_file() and not path.is_symlink()
        }

    @contextmanager
    def running(
        self, environ: Mapping[str, str], model: Path | None = None, *, tmp: bool = False
    ) -> Iterator[subprocess.Popen[str]]:
        """Run it as its configuration says: its user, no capabilities, nothing that can be written to but `tmp`."""
        words = [*self.config["Entrypoint"], *self.config["Cmd"]]
        process = subprocess.Popen(
            [*self._sandbox(environ, model, tmp=tmp), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def run(self, environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        """Run another command in it."""
        return subprocess.run(
            [*self._sandbox(environ, None), *words], capture_output=True, text=True, check=False
        )

    def _sandbox(self, environ: Mapping[str, str], model: Path | None, *, tmp: bool = False) -> list[str]:
        user, _, group = self.config["User"].partition(":")
        variables = dict(each.split("=", 1) for each in self.config["Env"]) | dict(environ)
        return [
            *("bwrap", "--unshare-all", "--share-net", "--die-with-parent", "--as-pid-1", "--new-session"),
            *("--ro-bind", str(self.root), "/", "--proc", "/proc", "--dev", "/dev"),
            *(("--tmpfs", "/tmp", "--chmod", "1777", "/tmp") if tmp else ()),
            *(("--ro-bind", str(model), "/opt/ml/model") if model else ()),
            *("--uid", user, "--gid", group, "--cap-drop", "ALL", "--clearenv"),
            *(word for name, value in variables.items() for word in ("--setenv", name, value)),
            *("--chdir", self.config["WorkingDir"]),
        ]


def _overlays() -> bool:
    """Whether layers can be mounted over each other; else each is a copy of all below it, which takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("lower", "upper", "work", "merged"):
            (Path(folder) / name).mkdir()
        options = f"lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        merged = f"{folder}/merged"
        mount = ["mount", "-t", "overlay", "overlay", "-o", options, merged]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            return False
        _run("umount", merged)
        return True


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:8])} … says {done.stderr[-2000:]}")
    return done.stdout.strip()
