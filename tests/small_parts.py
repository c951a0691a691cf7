"""Has bodies of any size read as large ones are, in parts of a few bytes."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from onehandler.codecs import json_outline
from onehandler.large_array import LargeArray, elements_of
from onehandler.protocols import bodies, content

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLAIN = re.compile(json_outline._PLAIN % (json_outline._STRING + rb"|(?P<array>(?!))"), re.DOTALL)
_SIZES: tuple[tuple[Any, str, Any], ...] = (
    (content, "LARGE", 1),
    (bodies, "LARGE", 1),
    (json_outline, "_SMALLEST_PART", 8),
    (json_outline, "_MEMBER", 2),
)


@contextmanager
def small_parts(*, flat: bool = False) -> Iterator[None]:
    """As long as it lasts. With `flat`, arrays and objects that hold no others are still found several at once."""
    sizes = _SIZES if flat else (*_SIZES, (json_outline, "_NEXT", _PLAIN))
    before = [(module, name, getattr(module, name)) for module, name, _ in sizes]
    try:
        for module, name, size in sizes:
            setattr(module, name, size)
        yield
    finally:
        for module, name, size in before:
            setattr(module, name, size)


def whole(value: Any) -> Any:
    """The value with lists for its large arrays."""
    if isinstance(value, (list, LargeArray)):
        return [whole(each) for each in elements_of(value)]
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    return value


def names_in(value: Any) -> set[str]:
    """The names of all objects within."""
    inner = value if isinstance(value, list) else [*value.values()] if isinstance(value, dict) else []
    return {*(value if isinstance(value, dict) else ()), *(name for each in inner for name in names_in(each))}
