"""What a layer leaves out of the wheels it is made of, each rule with its reason."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rule:
    """Paths (fnmatch patterns relative to the site folder) that go, and why."""

    pattern: str
    reason: str


RULES = (
    Rule("*/__pycache__", "made anew for the target's Python version"),
    Rule("*/tests", "nobody tests a library in production"),
    Rule("*/test", "nobody tests a library in production"),
    Rule("*.pyi", "types are for editors"),
    Rule("*/py.typed", "types are for editors"),
    Rule("*.h", "headers are for compilers"),
    Rule("*.pxd", "headers are for compilers"),
    Rule("bin", "console scripts have no console here"),
    Rule("*.dist-info/RECORD", "an installer's notes, with digests of files that have gone"),
    Rule("*.dist-info/INSTALLER", "an installer's notes"),
    Rule("*.dist-info/REQUESTED", "an installer's notes"),
    Rule("*.dist-info/WHEEL", "an installer's notes"),
    Rule("*.dist-info/entry_points.txt", "console scripts have no console here"),
    Rule(".lock", "an installer's notes"),
)


def slim(site: Path, rules: Sequence[Rule] = RULES) -> None:
    """Remove what the rules name. Licences and METADATA (for importlib.metadata) stay."""
    for path in sorted(site.rglob("*"), reverse=True):
        name = path.relative_to(site).as_posix()
        if any(_matches(name, rule.pattern) for rule in rules) and path.exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _matches(name: str, pattern: str) -> bool:
    return fnmatch(name, pattern) or fnmatch("./" + name, pattern)
