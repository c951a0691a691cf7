"""Writes the bytecode of what a cold start imports into one file: see onehandler.frozen."""

from __future__ import annotations

import ast
import marshal
from typing import TYPE_CHECKING

from layers.bytecode import pyc_name
from layers.imports import OWN, file_of, imports_of
from onehandler.frozen import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_PYC_HEADER = 16  # magic number, flags, hash: https://peps.python.org/pep-0552/
_FORMAT = 2  # of marshal; later ones write shared objects as references, so that bytes could differ
# Imported before that file is read.
_BEFORE = {
    "functions",
    "functions.predict",
    "onehandler",
    "onehandler.early",
    "onehandler.frozen",
    "onehandler.onnx_start",
}
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def freeze(folder: Path, modules: Iterable[str], python: str) -> None:
    """Put the bytecode of these modules, and of what importing them imports of ours, into that file alone."""
    found = {}
    for name in sorted(imported(folder, modules) - _BEFORE):
        path = file_of(folder, name)
        assert path is not None
        source = path.relative_to(folder).as_posix()
        pyc = folder / pyc_name(source, python)
        found[name] = (source, pyc.read_bytes()[_PYC_HEADER:])
        pyc.unlink()
    target = file_name(f"cpython-{python.replace('.', '')}")
    (folder / target).write_bytes(marshal.dumps(found, _FORMAT))


def imported(root: Path, modules: Iterable[str]) -> frozenset[str]:
    """Modules of ours that importing these imports at once; what functions import when they run is left out."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = file_of(root, name)
        if path is None or name in found:
            continue
        found.add(name)
        if "." in name:
            waiting.append(name.rpartition(".")[0])
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        waiting += _at_import(ast.parse(path.read_text(), str(path)), package)
    return frozenset(found)


def _at_import(tree: ast.Module, package: str) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, _LATER):
            continue
        for each in imports_of(node, package):
            if each.module.partition(".")[0] in OWN:
                yield each.module
                yield from (f"{each.module}.{name}" for name in each.names)
