"""An array too large to be held as Python's objects: read a part at a time, as often as it is asked for."""

from __future__ import annotations

from itertools import chain, islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any


class LargeArray:
    """What stands in a large document where a small one has a list.

    Elements may be large arrays themselves, and objects that hold such; no list ever holds one.
    """

    __slots__ = ("_read",)
    shown = "an array of very many values"

    def __init__(self, read: Callable[[], Iterable[list[Any]]]) -> None:
        """`read` begins anew whenever it is called; what is no JSON it refuses when it comes to it."""
        self._read = read

    def parts(self) -> Iterator[list[Any]]:
        """All elements in lists, none of them empty. Raises MalformedBody."""
        return iter(self._read())

    def elements(self) -> Iterator[Any]:
        """All elements one by one. Raises MalformedBody."""
        return chain.from_iterable(self._read())


def listed(value: Any, most: int) -> Any:
    """A large array as a list if it has at most so many elements, anything else as it is."""
    if not isinstance(value, LargeArray):
        return value
    found = [*islice(value.elements(), most + 1)]
    return found if len(found) <= most else value


def holds_large(value: Any) -> bool:
    """Whether it is an object with a large array among its values."""
    return isinstance(value, dict) and LargeArray in map(type, value.values())


def elements_of(array: list[Any] | LargeArray) -> Iterable[Any]:
    """The elements of an array of either kind, one by one."""
    return array.elements() if isinstance(array, LargeArray) else array


def mapped(array: list[Any] | LargeArray, change: Callable[[int, Any], Any]) -> list[Any] | LargeArray:
    """The array with `change(index, element)` for every element; in a large one, whenever it is read."""
    if isinstance(array, list):
        return [change(index, each) for index, each in enumerate(array)]

    def parts() -> Iterator[list[Any]]:
        first = 0
        for part in array.parts():
            yield [change(index, each) for index, each in enumerate(part, first)]
            first += len(part)

    return LargeArray(parts)
