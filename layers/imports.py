"""Which of our modules a function can reach, and which packages it needs beside them.

A static walk over import statements, also those inside functions; what stands under TYPE_CHECKING is for the
type checker only and never runs.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

OWN = ("onehandler", "adapters", "functions")
# Tables of import strings stand in these packages: all of each can be reached by name.
TABLES = ("onehandler.protocols", "onehandler.codecs", "onehandler.runtimes", "onehandler.batch.formats")


@dataclass(frozen=True, slots=True)
class Reach:
    """Our files, and the top-level names of everything imported that is neither ours nor Python's."""

    files: frozenset[Path]
    packages: frozenset[str]


def reach(root: Path, entries: Iterable[str], tables: Iterable[str] = TABLES) -> Reach:
    """Walk from entry modules ("functions.predict") through the checkout at `root`."""
    waiting = [*entries, *(name for table in tables for name in _modules_of(root, table))]
    files: set[Path] = set()
    packages: set[str] = set()
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name.split(".")[0] not in OWN:
            packages.add(name.split(".")[0])
            continue
        path = _file_of(root, name)
        if path is None:
            continue  # a name inside a module, already walked
        files.add(path)
        waiting += _parents(name)
        waiting += _imports(ast.parse(path.read_text()))
    return Reach(frozenset(files), frozenset(packages - sys.stdlib_module_names))


def _file_of(root: Path, name: str) -> Path | None:
    base = root.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _modules_of(root: Path, package: str) -> list[str]:
    folder = root.joinpath(*package.split("."))
    names = (path.stem for path in folder.glob("*.py"))
    return [package, *(f"{package}.{name}" for name in names if name != "__init__")]


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and _is_type_checking(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imports(node)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )
