"""Installs pinned, hashed wheels for another machine than this one."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
# Lambda's Python 3.12 and later run on Amazon Linux 2023, which has glibc 2.34.
PLATFORMS = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}


def platform_of(arch: str) -> str:
    """uv's name of an architecture in AWS's words; SettingsError names those there are."""
    if arch not in PLATFORMS:
        raise SettingsError(f"must be one of {', '.join(PLATFORMS)}, not {arch!r:.40}", where="architecture")
    return PLATFORMS[arch]


def this_arch() -> str:
    """Name the architecture of this machine in AWS's words; SettingsError when Lambda has none such."""
    machine = platform.machine().lower()
    arch = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine, machine)
    platform_of(arch)
    return arch


def install(
    requirements: str, target: Path, arch: str, python: str, only: str = "", without: Collection[str] = ()
) -> None:
    """Install requirements/NAME.txt, `only` one package of it or all `without` some, into a folder.

    Raises SettingsError.
    """
    source = REQUIREMENTS / f"{requirements}.txt"
    chosen = source if not only else _extracted(source, only, target.parent)
    if without:
        chosen = target.with_name(f"{requirements}-without.txt")
        chosen.parent.mkdir(parents=True, exist_ok=True)
        chosen.write_text("".join(_left(source, without)))
    options = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy", "--quiet"]
    where = ["--target", str(target), "--python-version", python, "--python-platform", platform_of(arch)]
    command = [sys.executable, "-m", "uv", "pip", "install", *options, *where, "-r", str(chosen)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if without:
        chosen.unlink()
    if done.returncode:
        raise SettingsError(f"uv could not install it: {done.stderr.strip()[-2000:]}", where=str(source.name))


def _left(source: Path, without: Collection[str]) -> Iterator[str]:
    """The lines of a requirements file but those of some packages, which must be in it."""
    missing, taking = set(without), True
    for line in source.read_text().splitlines(keepends=True):
        if line.strip() and not line[0].isspace():
            name = line.partition("==")[0]
            taking = name not in without
            missing.discard(name)
        if taking:
            yield line
    if missing:
        raise SettingsError(f"does not pin {', '.join(sorted(missing))}", where=source.name)


def _extracted(source: Path, package: str, folder: Path) -> Path:
    """The lines of one package, with its hashes, as a requirements file of their own."""
    kept, taking = [], False
    for line in source.read_text().splitlines():
        if line and not line[0].isspace():
            taking = line.startswith(package + "==")
        if taking:
            kept.append(line)
    if not kept:
        raise SettingsError(f"does not pin {package}", where=source.name)
    target = folder / f"only-{package}.txt"
    target.write_text("\n".join(kept) + "\n")
    return target


def _environment() -> dict[str, str]:
    """uv must not take the developer's virtual environment for the target."""
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
