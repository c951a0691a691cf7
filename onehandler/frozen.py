"""One file in place of forty: the bytecode of what a cold start imports, read at once.

Finding, opening and reading a module's file takes as long as executing it, and longer where the disk has not been
read yet. So `layers` writes the bytecode of those modules into one file of the archive, and `install` has them
imported from there. Their sources lie in their places all the same, for tracebacks.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec  # importlib.machinery is one more module to find
from marshal import loads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType, ModuleType
    from typing import Final, TypeAlias

    # By name: the module's file below the root, and its bytecode.
    Modules: TypeAlias = Mapping[str, tuple[str, bytes]]


def file_name(cache_tag: str | None) -> str:
    """The file's name for an interpreter ("cpython-313"): another one's bytecode is of no use."""
    return f"frozen.{cache_tag}.bin"


def install(root: str) -> None:
    """Import what root's file holds from there from now on; nothing when there is none for this Python, or no root."""
    if not root:
        return
    try:
        with open(f"{root}/{file_name(sys.implementation.cache_tag)}", "rb") as file:
            modules = loads(file.read())  # noqa: S302 - part of the archive, as the modules are
    except FileNotFoundError:  # a checkout
        return
    sys.meta_path.insert(0, Finder(root, modules))


class Finder:
    """Finds and loads modules of one such file; implements importlib's MetaPathFinder and Loader."""

    def __init__(self, root: str, modules: Modules) -> None:
        self._root: Final = root
        self._modules: Final = modules

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module, if it is one of these, as the file that it was compiled from."""
        found = self._modules.get(name)
        if found is None:
            return None
        path = f"{self._root}/{found[0]}"
        package = path.endswith("/__init__.py")
        spec = ModuleSpec(name, self, origin=path, is_package=package)  # type: ignore[arg-type] # has what it takes
        spec.has_location = True
        if package:
            spec.submodule_search_locations = [path.removesuffix("/__init__.py")]
        return spec

    def create_module(self, _spec: ModuleSpec) -> None:
        """As the interpreter does it."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's bytecode."""
        code: CodeType = loads(self._modules[module.__name__][1])  # noqa: S302 - see install
        exec(code, module.__dict__)  # noqa: S102 - what an import is
