"""Large JSON documents, read so that they take little more memory than they have bytes.

As Python's objects a number takes 32 bytes, an empty array 56, a name in an object some 100. So a large array stands
in the document as a LargeArray, which is parsed a part at a time. Of a large object only the names that anybody knows
keep their values. What is wrong in an array comes out when that part is read, in the words of `codecs.json`.
"""

from __future__ import annotations

import os
import re
from functools import partial
from itertools import pairwise

from onehandler.codecs import json, large_json
from onehandler.codecs.json_outline import outline, place
from onehandler.errors import MalformedBody, TooLarge
from onehandler.large_array import LargeArray

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from onehandler.codecs.json_outline import Large

# Members that any protocol knows, beside a model's own names.
_WORDS = frozenset((
    "rows", "columns", "inputs", "outputs", "base64", "shape", "instances", "signature_name", "examples", "context",
    "b64", "id", "name", "datatype", "data", "parameters", "dataframe_split", "dataframe_records", "params",
    "input_data", "Inputs", "GlobalParameters", "binary_data", "binary_data_size", "binary_data_output",
    "classification",
))  # fmt: skip
_MOST_UNKNOWN = 10_000
_LINE_AND_COLUMN = re.compile(r"line (\d+) column (\d+)")


def loads(body: bytes, names: Iterable[str], columns: Iterable[str] = (), *, tokens: bool = False) -> Any:
    """The document with its large arrays as LargeArray.

    A large object keeps the values of `names`, `columns` and the protocols' own words, and of others the names alone,
    up to 10,000 of them; the columns, which may be very many, are gone through only then. Raises MalformedBody and
    TooLarge; `tokens` is as in `codecs.json.loads`.
    """
    large = outline(body)
    if not large:
        return json.loads(body, tokens=tokens)
    return _Reader(body, names, columns, tokens=tokens).document(large)


class _Reader:
    """One document."""

    def __init__(self, body: bytes, names: Iterable[str], columns: Iterable[str], *, tokens: bool) -> None:
        self._body = body
        self._names = {name: name for name in (*_WORDS, *names)}
        self._columns = columns
        self._tokens = tokens
        # Arrays of one such string stand for what is large: nobody can guess it.
        self._mark = os.urandom(16).hex()

    def document(self, large: Sequence[Large]) -> Any:
        return self._parsed(b"", 0, len(self._body), b"", large)

    def _array(self, large: Large) -> Iterator[list[Any]]:
        for begin, end, within in _parts(large):
            first = begin == large.start + 1
            part: list[Any] = self._parsed(b"[" if first else b"[0", begin, end, b"]", within)
            if not first:
                del part[0]
            self._check_begun(large, part)
            if part:
                yield part

    def _object(self, large: Large) -> dict[str, Any]:
        found: dict[str, Any] = {}
        unknown = 0
        for begin, end, within in _parts(large):
            first = begin == large.start + 1
            opening = b"{" if first else b'{"%s":0' % self._mark.encode()
            part: dict[str, Any] = self._parsed(opening, begin, end, b"}", within)
            self._check_begun(large, part)
            part.pop(self._mark, None)
            if not found.keys().isdisjoint(part):
                raise MalformedBody("an object has the same name twice", where=self._from(large.start))
            for name, value in part.items():
                if self._is_known(name):
                    found[self._names[name]] = value
                else:
                    found[name] = None
                    unknown += 1
            if unknown > _MOST_UNKNOWN:
                raise TooLarge(
                    f"an object has more than {_MOST_UNKNOWN:,} names that the model does not have",
                    where=self._from(large.start),
                )
        return found

    def _check_begun(self, large: Large, part: Any) -> None:
        """Refuse a comma before the first value: between parts, where no parser sees it."""
        if large.cuts and not part:
            raise MalformedBody("is not JSON: Expecting value", where=place(self._body, large.cuts[0]))

    def _parsed(self, opening: bytes, begin: int, end: int, closing: bytes, within: Sequence[Large]) -> Any:
        """The value of a part of the document, between brackets of its own."""
        body, at = memoryview(self._body), begin
        pieces: list[bytes | memoryview] = [opening]
        marks: dict[str, Large] = {}
        for large in within:
            mark = self._mark + str(len(marks))
            marks[mark] = large
            pieces += [body[at : large.start], f'["{mark}"]'.encode()]  # in brackets it cannot be a name
            at = large.end
        text = b"".join([*pieces, body[at:end], closing])
        value = large_json.loads(text)
        if value is large_json.UNSURE:
            try:
                value = json.loads(text, tokens=self._tokens)
            except MalformedBody as error:
                where = self._place(error.where, text, len(opening), begin, marks)
                raise MalformedBody(error.message, where=where) from None
        return self._with(value, marks) if marks else value

    def _with(self, value: Any, marks: dict[str, Large]) -> Any:
        """The value with every mark replaced by what it stands for."""
        if isinstance(value, list):
            if len(value) == 1 and isinstance(value[0], str) and value[0] in marks:
                return self._large(marks[value[0]])
            return [self._with(each, marks) for each in value]
        if isinstance(value, dict):
            return {name: self._member(name, self._with(each, marks)) for name, each in value.items()}
        return value

    def _large(self, large: Large) -> Any:
        if not large.is_array:
            return self._object(large)
        return [] if self._is_blank(large) else LargeArray(partial(self._array, large))

    def _member(self, name: str, value: Any) -> Any:
        """The value; a large array that nobody is going to look at is looked at here, for it may be no JSON."""
        if isinstance(value, (LargeArray, dict)) and not self._is_known(name):
            _read_whole(value)
        return value

    def _is_known(self, name: str) -> bool:
        if name not in self._names and self._columns:
            self._names.update((column, column) for column in self._columns)
            self._columns = ()
        return name in self._names

    def _is_blank(self, large: Large) -> bool:
        """Whether an array is large for the space in it alone."""
        return not (
            large.cuts or large.within or self._body[large.start + 1 : large.end - 1].strip(b" \t\r\n")
        )

    def _place(self, where: str, text: bytes, opening: int, begin: int, marks: dict[str, Large]) -> str:
        """Where in the document a place in a part's text is; where that has none, where the part begins."""
        found = _LINE_AND_COLUMN.fullmatch(where)
        if found is None:
            return self._from(begin)
        start = 0
        for _ in range(int(found[1]) - 1):
            start = text.index(b"\n", start) + 1
        before = text[start:].decode(errors="replace")[: int(found[2]) - 1]
        rest, at = start + len(before.encode()) - opening, begin
        for mark, large in marks.items():
            if rest <= large.start - at:
                break
            rest -= large.start - at + len(mark) + 4
            at = large.end
        return place(self._body, min(max(at + rest, begin), len(self._body)))

    def _from(self, position: int) -> str:
        return f"from {place(self._body, position)} on"


def _read_whole(value: Any) -> None:
    """Raise MalformedBody for what is no JSON in the large arrays of a value."""
    if isinstance(value, LargeArray):
        for each in value.elements():
            _read_whole(each)
    elif isinstance(value, dict):
        for each in value.values():
            _read_whole(each)


def _parts(large: Large) -> Iterator[tuple[int, int, list[Large]]]:
    """From where to where each part goes, without the brackets, and what is large within."""
    within = iter(large.within)
    following = next(within, None)
    for begin, end in pairwise((large.start + 1, *large.cuts, large.end - 1)):
        found = []
        while following is not None and following.start < end:
            found.append(following)
            following = next(within, None)
        yield begin, end, found
