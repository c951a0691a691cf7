"""How moto is patched: every replaced attribute is declared with the source we know, and put back at the end.

moto's classes are shared by the whole process, so patches are, too: they are applied when an emulator starts
and taken off when it closes.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.services import Services

MOTO_VERSION = "5.2.5"
ABSENT = ""  # the digest of an attribute that moto lacks and a patch adds


class PatchError(RuntimeError):
    """moto is not the moto that the patches were written for."""


@dataclass(frozen=True, slots=True)
class Target:
    """An attribute of moto that a patch replaces: "LambdaFunction.invoke" in "moto.awslambda.models"."""

    module: str
    attribute: str
    digest: str  # of its source, the first 12 hex digits of SHA-256; ABSENT: moto must not have it

    @property
    def owner(self) -> Any:
        """The module or class that holds the attribute."""
        owner: Any = importlib.import_module(self.module)
        for name in self.attribute.split(".")[:-1]:
            owner = getattr(owner, name)
        return owner

    @property
    def name(self) -> str:
        """The attribute's own name."""
        return self.attribute.rpartition(".")[2]

    def found_digest(self) -> str:
        """Give the digest of what is there now."""
        held = vars(self.owner).get(self.name, _NOTHING)
        return ABSENT if held is _NOTHING else source_digest(held)


@dataclass(frozen=True, slots=True)
class Patch:
    """One fault of moto, and its repair. `apply` sets every target and nothing else."""

    name: str
    targets: tuple[Target, ...]
    apply: Callable[[Services], None]


_NOTHING = object()


def source_digest(value: Any) -> str:
    """Digest the source of a function, method or property."""
    code: Any = value.fget if isinstance(value, property) else value
    code = code.__func__ if isinstance(code, (classmethod, staticmethod)) else code
    return hashlib.sha256(inspect.getsource(code).encode()).hexdigest()[:12]


class Replaced:
    """Remembers what was there before a patch, so that it can be put back."""

    def __init__(self) -> None:
        self._originals: list[tuple[Any, str, Any]] = []

    def remember(self, target: Target) -> None:
        """Keep what a target holds now."""
        owner = target.owner
        self._originals.append((owner, target.name, vars(owner).get(target.name, _NOTHING)))

    def restore(self) -> None:
        """Put everything back, the last first."""
        while self._originals:
            owner, name, value = self._originals.pop()
            if value is not _NOTHING:
                setattr(owner, name, value)
            elif name in vars(owner):
                delattr(owner, name)
