"""What this machine can run."""

from __future__ import annotations

import platform
from dataclasses import dataclass

_LAMBDA_NAMES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class Machine:
    """The instruction set, in Lambda's words, and the Lambda runtimes that have an interpreter here."""

    architecture: str  # "x86_64" or "arm64"
    runtimes: tuple[str, ...]  # "python3.13", …


def this_architecture() -> str:
    """Give this machine's instruction set as Lambda calls it, or its own name where Lambda has none."""
    name = platform.machine().lower()
    return _LAMBDA_NAMES.get(name, name)
