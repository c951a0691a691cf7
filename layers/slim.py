"""What a layer leaves out of the wheels it is made of, each rule with its reason.

Stripping is not among them: the wheels' libraries come stripped, and `strip --strip-all` takes 256 bytes off
libonnxruntime's 29,352,200.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rule:
    """Paths that go, and why: an fnmatch pattern of the path below the site folder ("*" crosses slashes).

    A pattern that begins with "*/" also matches at the top.
    """

    pattern: str
    reason: str


_COMPILERS = "only compilers and linkers read it"
_INSTALLERS = "an installer's notes; a layer is never uninstalled"
RULES = (
    Rule("*/__pycache__", "made anew for the target's Python version"),
    Rule("*.py[co]", "made anew for the target's Python version"),
    Rule("*/tests", "nobody tests a library in production"),
    Rule("*/test", "nobody tests a library in production"),
    Rule("*.pyi", "types are for editors"),
    Rule("*/py.typed", "types are for editors"),
    *(Rule(f"*.{suffix}", _COMPILERS) for suffix in ("h", "hpp", "c", "cpp", "pxd", "pyx", "rs", "a")),
    Rule("bin", "console scripts have no console here"),
    Rule(".lock", _INSTALLERS),
    *(
        Rule(f"*.dist-info/{name}", _INSTALLERS)
        for name in ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "top_level.txt", "direct_url.json")
    ),
    Rule("*.dist-info/sboms", "METADATA says name and version to scanners already"),
    Rule("*/.agents", "notes for coding assistants"),
    Rule("anyio/pytest_plugin.py", "imports pytest, which is not here"),
    Rule("anyio/_backends/_trio.py", "imports trio, which is not here"),
    Rule("pydantic/mypy.py", "imports mypy, which is not here"),
    *(
        Rule(f"pyarrow/{name}", "reads and writes what is not Parquet, or elsewhere than in memory")
        for name in (
            "libarrow_flight*",
            "libarrow_python_flight*",
            "libarrow_s3*",
            "_flight*",
            "_s3fs*",
            "_gcsfs*",
            "_azurefs*",
            "_hdfs*",
            "_orc*",
            "_dataset*",
            "_substrait*",
            "_feather*",
            "*_encryption*",
        )
    ),
    Rule("pyarrow/_pyarrow_cpp_tests*", "nobody tests a library in production"),
    Rule("pyarrow/libarrow_python.so", "a copy of libarrow_python.so.*, which the others are linked to"),
    Rule(
        "pyarrow/libarrow_python.so.*.*.*", "a copy of libarrow_python.so.*, which the others are linked to"
    ),
    *(Rule(f"pyarrow/{name}", _COMPILERS) for name in ("include", "includes", "src")),
    Rule("pydantic/v1", "no version 1 models here; FastAPI would import it for the first route: 83 ms"),
)


def slim(site: Path, rules: Sequence[Rule] = RULES) -> None:
    """Remove what the rules name.

    Licences stay, and of the metadata what runs: METADATA for importlib.metadata, and entry_points.txt, where
    opentelemetry looks up what its OTEL_* variables name.
    """
    for path in sorted(site.rglob("*"), reverse=True):
        if path.exists() and rule_for(path.relative_to(site).as_posix(), rules):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def rule_for(name: str, rules: Sequence[Rule] = RULES) -> Rule | None:
    """The first rule that a path below the site folder falls under, or None."""
    return next((rule for rule in rules if _matches(name, rule.pattern)), None)


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or (pattern.startswith("*/") and fnmatchcase("/" + name, pattern))
