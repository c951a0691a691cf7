"""Large bodies of rows, read a part at a time, so that they take little more memory than they have bytes.

As Python's objects a number takes 32 bytes and an empty array 56, in a tensor 4 or 8. So an array of many rows is cut
between rows into parts of some hundred kilobytes, each of which becomes tensors before the next is read. Only the
plain form that clients' libraries write is cut; whatever is written in another way is left to be read at once.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import chain, islice

import orjson

from onehandler.codecs.large_json import names_once
from onehandler.errors import InvalidInput
from onehandler.rows import tensor_from_nested, tensors_from_rows
from onehandler.tensor import Tensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from onehandler.signature import Signature
    from onehandler.tensor import Tensors

    Read: TypeAlias = Callable[[list[Any]], Tensors]

LARGE = 1024 * 1024  # bytes of a body: below, all its rows at once take 30 MB at most
_PART = 256 * 1024  # bytes
_ROWS = 128  # of a table at a time
# {"rows": [ or {"inputs": {"X": [, and the brackets that every row begins with.
_BEGIN = re.compile(rb'\s*\{\s*"(\w{1,20})"\s*:\s*(?:\{\s*"([^"\\]{1,200})"\s*:\s*)?\[\s*(\{|\[*)')
_BETWEEN = (b",", b", ", b",\n")  # rows, as json.dumps, JavaScript and most others write them
_PLACE = re.compile(r"(\w+(?:\.[^\[]*)?)\[(\d+)\]")  # rows[3].age, inputs.X[3][1]


class _Unplain(Exception):
    """It is not of the form that can be cut; nothing is wrong with it."""


def tensors_of_json(
    signature: Signature, body: bytes, rows: str, *, unnamed: bool = False
) -> tuple[str, Tensors] | None:
    """Which form it is, `rows` or "inputs", and the inputs; None where it must be read at once.

    Only an input that is a model's only one is cut; `unnamed` lets it stand without its name. Raises InvalidInput for
    the first row that doesn't fit, even where further on the body is no JSON.
    """
    begun = _BEGIN.match(body)
    if begun is None or not signature.batched:
        return None
    form, name, opening = begun[1].decode(), begun[2], begun[3]
    spec = signature.inputs[0]
    where = f"inputs.{spec.name}" if name else "inputs"
    read: Read
    if form == rows and name is None:
        read = partial(tensors_from_rows, signature, where=form)
    elif form == "inputs" and opening != b"{" and _is_only(signature, name, unnamed=unnamed):
        read = lambda part: {spec.name: tensor_from_nested(spec, part, where)}  # noqa: E731 - nobody else calls it
    else:
        return None
    try:
        return form, _stacked(_parts(body, begun.start(3), opening, 2 if name else 1), read)
    except _Unplain:
        return None


def _is_only(signature: Signature, name: bytes | None, *, unnamed: bool) -> bool:
    """Whether that name, or none, can only mean the model's one input."""
    return len(signature.inputs) == 1 and (
        unnamed if name is None else name == signature.inputs[0].name.encode()
    )


def tensors_of_table(signature: Signature, rows: Iterable[Any]) -> Tensors:
    """The inputs of rows that come one by one. Raises InvalidInput, also where there are none."""
    following = iter(rows)
    first = list(islice(following, _ROWS))
    parts = chain([first], iter(lambda: list(islice(following, _ROWS)), []))
    try:
        return _stacked(parts, lambda part: tensors_from_rows(signature, part))
    except _Unplain:  # where the model takes rows of any width
        raise InvalidInput("all rows need as many values", where="rows") from None


def _stacked(parts: Iterable[list[Any]], read: Read) -> Tensors:
    """The tensors of all parts, each appended to those before."""
    stacks: dict[str, _Stack] = {}
    first = 0
    for rows in parts:
        try:
            found = read(rows)
        except InvalidInput as error:
            raise InvalidInput(error.message, where=_moved(error.where, first)) from None
        for name, tensor in found.items():
            stacks.setdefault(name, _Stack(tensor)).add(tensor)
        first += len(rows)
    return {name: stack.tensor() for name, stack in stacks.items()}


class _Stack:
    """Tensors that differ in their first dimension only, one after another."""

    def __init__(self, first: Tensor) -> None:
        self._first = first
        self._texts: list[str] = []
        self._numbers = bytearray()
        self._rows = 0

    def add(self, tensor: Tensor) -> None:
        """Append."""
        if tensor.shape[1:] != self._first.shape[1:]:
            raise _Unplain  # ragged: let the whole be measured
        if isinstance(tensor.data, list):
            self._texts += tensor.data
        else:
            self._numbers += memoryview(tensor.data).cast("B")
        self._rows += tensor.shape[0]

    def tensor(self) -> Tensor:
        """All of it."""
        data = self._texts if isinstance(self._first.data, list) else self._numbers
        return Tensor(self._first.dtype, (self._rows, *self._first.shape[1:]), data)


def _parts(body: bytes, start: int, opening: bytes, closing: int) -> Iterator[list[Any]]:
    """The rows from `start` on. Whatever is cut within a string or a row is no JSON, and noticed by that."""
    closed = b"]" * len(opening) if opening != b"{" else b"}"
    between = next((each for each in _BETWEEN if closed + each + opening in body[start : start + _PART]), b"")
    if not between or (not opening and len(between) > 1):
        raise _Unplain
    boundary = closed + between + opening
    while len(body) - start > _PART:
        cut = body.rfind(boundary, start, start + _PART)
        if cut < 0:
            raise _Unplain
        yield _rows(body[start : cut + len(closed)])
        start = cut + len(closed) + len(between)
    yield _rows(_without(body[start:], closing))


def _rows(part: bytes) -> list[Any]:
    text = b"[" + part + b"]"
    try:
        rows: list[Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _Unplain from None
    if not rows or (b"{" in part and not names_once(rows, text)):
        raise _Unplain
    return rows


def _without(tail: bytes, closing: int) -> bytes:
    """The last rows without what closes the array, and the objects around it."""
    for bracket in (*[b"}"] * closing, b"]"):
        tail = tail.rstrip(b" \t\r\n")
        if not tail.endswith(bracket):
            raise _Unplain
        tail = tail[:-1]
    return tail


def _moved(where: str, rows: int) -> str:
    """A place with its row's number counted from the beginning of the body."""
    found = _PLACE.match(where)
    return f"{found[1]}[{int(found[2]) + rows}]{where[found.end() :]}" if found else where
