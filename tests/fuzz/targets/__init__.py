"""What reads bytes from strangers, one target a file: `fuzz(data)` ends, is refused on purpose, or has found a fault.

Adding one is a file here with `fuzz` and `seeds`; `make fuzz` and tests/fuzz/test_targets.py find it by themselves.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable


class Target(Protocol):
    """What each file offers."""

    def fuzz(self, data: bytes) -> None:
        """Read these bytes; any exception is a fault found."""
        ...

    def seeds(self) -> Iterable[bytes]:
        """Where the search begins."""
        ...


NAMES = tuple(sorted(found.name for found in iter_modules(__path__)))


def target(name: str) -> Target:
    found: Target = import_module(f"{__name__}.{name}")  # type: ignore[assignment] # a module has what it takes
    return found
