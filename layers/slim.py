"""What of an installed wheel stays out of a layer, each rule with its reason; everything else goes in.

Stripping was tried and is not done: the wheels' libraries come stripped, and `strip --strip-all` takes
256 bytes off libonnxruntime's 29,352,200.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Rule:
    """Files whose path in the installed folder matches stay out, for the reason given."""

    name: str
    pattern: re.Pattern[str]
    reason: str


def _rule(name: str, pattern: str, reason: str) -> Rule:
    return Rule(name, re.compile(pattern), reason)


# METADATA (importlib.metadata.version), entry_points.txt (opentelemetry finds its context by one) and
# licences stay.
RULES = (
    _rule("scripts", r"^bin/", "commands for a shell; a function has none"),
    _rule(
        "installer's records",
        r"^\.lock$|\.dist-info/(RECORD|INSTALLER|REQUESTED|WHEEL|top_level\.txt|direct_url\.json|sboms/.*)$",
        "uninstalling reads them; a layer is never uninstalled",
    ),
    _rule("type stubs", r"\.pyi$|(^|/)py\.typed$", "only type checkers read them"),
    _rule(
        "C and Rust sources", r"\.(h|hpp|hh|c|cc|cpp|pxd|pyx|rs|a)$", "only compilers and linkers read them"
    ),
    _rule("foreign bytecode", r"(^|/)__pycache__/|\.py[co]$", "the build compiles for exactly its target"),
    _rule("tests", r"(^|/)tests?/", "nobody runs a package's tests on Lambda"),
    _rule("hidden folders", r"(^|/)\.[^/]+/", "notes for editors and assistants, never code"),
    _rule(
        "plugins of other tools",
        r"^(anyio/pytest_plugin|anyio/_backends/_trio|pydantic/mypy)\.py$",
        "pytest, trio and mypy, which call them, are not in the layer",
    ),
    _rule(
        "pydantic's version 1",
        r"^pydantic/v1/",
        "nothing here has version 1 models; FastAPI does without it, and imports it for every route if it is there",
    ),
)


def rule_for(path: str) -> Rule | None:
    """The first rule that keeps a file out (a path relative to the installed folder, with slashes), or None."""
    return next((rule for rule in RULES if rule.pattern.search(path)), None)


def copy_slimmed(installed: Path, target: Path) -> None:
    """Copy what no rule keeps out."""
    for name in kept(installed):
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(installed / name, destination)


def kept(installed: Path) -> Sequence[str]:
    """The files that go in, as paths relative to the folder, sorted."""
    every = (
        Path(folder, file).relative_to(installed).as_posix()
        for folder, _, files in os.walk(installed)
        for file in files
    )
    return sorted(name for name in every if rule_for(name) is None)
