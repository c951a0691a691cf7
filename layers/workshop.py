"""What every build needs at hand: target, interpreter, cache, and who wants to hear how far it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from layers.cache import Cache
from layers.interpreter import Interpreter, find_interpreter, usual_places
from layers.target import Target

ROOT = Path(__file__).parent.parent
Progress: TypeAlias = Callable[[str], None]


def silent(_: str) -> None:
    """Progress that nobody hears."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """`root` holds requirements/ and our packages."""

    target: Target
    interpreter: Interpreter
    cache: Cache
    root: Path
    progress: Progress


def workshop_for(
    arch: str, python: str, *, root: Path = ROOT, cache: Path | None = None, progress: Progress = silent
) -> Workshop:
    """Furnish a workshop with this machine's interpreter; the cache is build/.cache below the root."""
    target = Target(arch, python)
    interpreter = find_interpreter(python, usual_places(python, os.environ))
    return Workshop(target, interpreter, Cache(cache or root / "build" / ".cache"), root, progress)
