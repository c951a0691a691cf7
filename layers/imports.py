"""Which of our modules a function can reach, and which packages it needs beside them.

A static walk over import statements, also those inside functions. What stands under TYPE_CHECKING never runs,
and what stands in a `try` that expects ImportError may be absent. Strings count, too: one that is the dotted
name of a module of ours is a line of a table of import strings, and one that is the name of a file beside the
module (a page) brings that file along.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onehandler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

OWN = ("onehandler", "adapters", "functions")
_DOTTED = re.compile(r"\w+(\.\w+)+")
_MAY_BE_ABSENT = frozenset({"ImportError", "ModuleNotFoundError"})


@dataclass(frozen=True, slots=True)
class Reach:
    """Our files, and the top-level name of everything imported that isn't ours with who imports it."""

    files: frozenset[Path]
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Import:
    """An import that can run: the module, what is taken from it, and whether the code does without it."""

    module: str
    names: tuple[str, ...] = ()
    optional: bool = False


@dataclass(slots=True)
class _Walk:
    """A walk in progress over the packages `own` of the checkout at `root`."""

    root: Path
    own: tuple[str, ...]
    files: set[Path] = field(default_factory=set)
    packages: dict[str, str] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def visit(self, name: str, importer: str) -> None:
        """Take in a module and all that it imports; SettingsError when it should be ours and isn't there."""
        top = name.partition(".")[0]
        if top not in self.own:
            self.packages.setdefault(top, importer)
            return
        path = file_of(self.root, name)
        if path is None:
            raise SettingsError(f"imports {name}, which is not there", where=importer)
        if name in self._seen:
            return
        self._seen.add(name)
        self.files.add(path)
        if "." in name:
            self.visit(name.rpartition(".")[0], importer)
        tree = ast.parse(path.read_text(), str(path))
        texts = _strings(tree)
        self.files.update(_files_named(texts, path.parent))
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for found in imports_of(tree, package):
            self._follow(found, name)
        for text in sorted(texts):
            if text.partition(".")[0] in self.own and _DOTTED.fullmatch(text) and file_of(self.root, text):
                self.visit(text, name)

    def _follow(self, found: Import, importer: str) -> None:
        if found.optional and not file_of(self.root, found.module):
            return
        self.visit(found.module, importer)
        if found.module.partition(".")[0] in self.own:
            for name in found.names:
                if file_of(self.root, f"{found.module}.{name}"):
                    self.visit(f"{found.module}.{name}", importer)


def reach(root: Path, entries: Iterable[str], own: tuple[str, ...] = OWN) -> Reach:
    """Walk from entry modules ("functions.predict") through the checkout at `root`."""
    walk = _Walk(root, own)
    for entry in entries:
        walk.visit(entry, "the function's declaration")
    return Reach(frozenset(walk.files), walk.packages)


def file_of(root: Path, name: str) -> Path | None:
    """The source of a module of ours, or None when there is no such module."""
    base = root.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def imports_of(tree: ast.AST, package: str = "", *, optional: bool = False) -> Iterator[Import]:
    """Every import that can run below a node; relative ones made absolute in `package`."""
    if isinstance(tree, ast.Import):
        yield from (Import(alias.name, (), optional) for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom):
        yield Import(_absolute(tree, package), tuple(alias.name for alias in tree.names), optional)
    elif isinstance(tree, ast.If) and _is_type_checking(tree.test):
        for each in tree.orelse:
            yield from imports_of(each, package, optional=optional)
    elif isinstance(tree, ast.Try) and any(_expects_absence(handler) for handler in tree.handlers):
        for each in tree.body:
            yield from imports_of(each, package, optional=True)
        for node in (*tree.handlers, *tree.orelse, *tree.finalbody):
            yield from imports_of(node, package, optional=optional)
    else:
        for node in ast.iter_child_nodes(tree):
            yield from imports_of(node, package, optional=optional)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _strings(tree: ast.AST) -> set[str]:
    nodes = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {value for value in nodes if isinstance(value, str)}


def _files_named(texts: set[str], folder: Path) -> list[Path]:
    """Files that aren't Python beside a module, whose names are among its strings."""
    return [
        path for path in folder.iterdir() if path.name in texts and path.suffix != ".py" and path.is_file()
    ]


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _expects_absence(handler: ast.ExceptHandler) -> bool:
    """Tell whether an `except` clause names ImportError or ModuleNotFoundError."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(each, ast.Name) and each.id in _MAY_BE_ABSENT for each in caught)
