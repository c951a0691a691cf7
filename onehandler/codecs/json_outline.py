"""Where the large arrays and objects of a JSON document lie, found without making anything of what they hold.

Only brackets and strings are looked at. Values that take little beside the document are left in their surroundings,
and larger ones are cut at commas into parts that take little.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from onehandler.codecs.json import MAX_DEPTH
from onehandler.errors import MalformedBody, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SMALLEST_PART = 32 * 1024  # bytes
_PARTS = 32  # of a document: as Python's objects, a part of empty arrays takes 31 times its bytes
_MEMBER = 1024  # bytes of an array in a large object, from which on it is read by itself
_TEXT = 64  # bytes of a string that count: as Python's object it takes about as many as in the document

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # or unclosed
_SHORT_STRING = rb'"(?:[^"\\]{0,512}+")?'  # of any other, its first quote
# Arrays and objects with no brackets or escapes within, of which most documents are made: 2 KB, or so many members.
_FLAT_ARRAY = rb'\[[^\[\]{}"]{0,2048}+\]'
_FLAT_OBJECT = rb'\{(?:[^\[\]{}"\\]{0,128}+"[^"\\]{0,128}+"){0,%d}+[^\[\]{}"\\]{0,128}+\}'
_FLAT = rb"(?:" + _FLAT_ARRAY + rb"|" + _FLAT_OBJECT % 64 + rb")"
_SPACE = rb"[ \t\r\n]*+"
_FLATS = _FLAT + rb"(?:" + _SPACE + rb"," + _SPACE + _FLAT + rb"){0,15}+|" + _FLAT_OBJECT % 1024
_NEXT = re.compile(rb'[^\[\]{}"]*+(' + _FLATS + rb"|" + _SHORT_STRING + rb"|[\[\]{}])", re.DOTALL)
_QUOTE, _BRACKET, _BRACE, _SLASH = b'"[{\\'
_CLOSES = {ord("]"): _BRACKET, ord("}"): _BRACE}
_KINDS = {_BRACKET: "array", _BRACE: "object"}


class Large(NamedTuple):
    """A large array or object: its place, where to cut it, and what is large within, in order."""

    is_array: bool
    start: int
    end: int  # behind its bracket
    cuts: tuple[int, ...]  # places of commas of its own
    within: tuple[Large, ...]


class _Open:
    """An array or object that has begun, and not ended."""

    __slots__ = ("_cut", "_hidden_since", "_last", "_members", "cuts", "hidden", "kind", "start", "within")

    def __init__(self, kind: int, start: int) -> None:
        self.kind = kind
        self.start = start
        self.cuts: list[int] = []
        self.within: list[Large] = []
        self._members: list[Large] = []  # which will be large if this turns out to be
        self._last = self._cut = start + 1
        self.hidden = self._hidden_since = 0  # bytes that cost nothing here: in all, and since the last cut

    def passes(self, body: bytes, begin: int, end: int, part: int) -> None:
        """Nothing of its own but numbers, words, commas and colons lies between here and what is at `begin`."""
        while begin - self._cut - self._hidden_since > part // 2:
            most = self._cut + self._hidden_since + part // 2
            at = body.rfind(b",", max(self._last, self._cut + 1), min(begin, most))
            if at < 0:
                at = body.find(b",", max(self._last, self._cut + 1, most), begin)
            if at < 0:
                break
            self.cuts.append(at)
            self._cut, self._hidden_since = at, 0
        self.resumes(end)

    def resumes(self, end: int) -> None:
        """What comes from here on is its own again."""
        self._last = end

    def hides(self, count: int) -> None:
        """So many bytes cost nothing here."""
        self.hidden += count
        self._hidden_since += count

    def may_take(self, member: Large) -> None:
        """An array that is not large, but might be among very many."""
        if self.kind == _BRACE and member.end - member.start >= _MEMBER:
            self._members.append(member)

    def closed(self, end: int, part: int) -> Large | None:
        """Itself as a whole, if it is large."""
        is_array = self.kind == _BRACKET
        costs = end - self.start - self.hidden > part
        if not costs and not (is_array and self.within):
            return None
        within = sorted(self.within + self._members, key=lambda each: each.start)
        return Large(is_array, self.start, end, tuple(self.cuts), tuple(within))


def outline(body: bytes) -> list[Large]:
    """The outermost large arrays and objects of a document; an array that holds a large one is itself large.

    Raises MalformedBody where brackets or quotes don't match, TooLarge where they are nested too deep. Whatever else
    may be wrong is for the parser to find, within the parts and between them.
    """
    part = max(_SMALLEST_PART, len(body) // _PARTS)
    whole = _Open(0, -1)
    opened = [whole]
    for begin, end in _found(body):
        top, first = opened[-1], body[begin]
        top.passes(body, begin, end, part)
        if first in _CLOSES:
            if top.kind != _CLOSES[first]:
                raise _mismatch(body, begin, top)
            opened.pop()
            _close(top, opened[-1], end, part)
        elif first == _QUOTE:
            if end == len(body) and not _is_closed(body, begin):
                raise MalformedBody("is not JSON: a string is not closed", where=place(body, begin))
            top.hides(max(0, end - begin - _TEXT))
        elif len(opened) > MAX_DEPTH:
            raise TooLarge(f"is nested deeper than {MAX_DEPTH} levels", where="body")
        elif end - begin == 1:
            opened.append(_Open(first, begin))
        elif first == _BRACKET:
            top.may_take(Large(True, begin, end, (), ()))
    if len(opened) > 1:
        raise MalformedBody(
            f"is not JSON: an {_KINDS[opened[-1].kind]} is not closed", where=place(body, opened[-1].start)
        )
    return whole.within


def _close(ended: _Open, around: _Open, end: int, part: int) -> None:
    around.resumes(end)
    found = ended.closed(end, part)
    if found:
        around.within.append(found)
        around.hides(end - ended.start)
        return
    around.within += ended.within
    around.hides(ended.hidden)
    if ended.kind == _BRACKET:
        around.may_take(Large(True, ended.start, end, tuple(ended.cuts), ()))


def _found(body: bytes) -> Iterator[tuple[int, int]]:
    """Strings, brackets, and several flat arrays or objects at once."""
    match = _NEXT.match(body)
    while match is not None:
        begin, end = match.span(1)
        if body[begin] == _QUOTE and end - begin == 1:
            end = _string_end(body, begin)
        yield begin, end
        match = _NEXT.match(body, end)


def _string_end(body: bytes, begin: int) -> int:
    """Where a string ends, or the document without its closing quote."""
    end = body.find(b'"', begin + 1)  # ten times as fast as a pattern
    if end >= 0 and body.find(b"\\", begin + 1, end) < 0:
        return end + 1
    match = _STRING.match(body, begin)
    assert match is not None  # the quote is there
    return match.end()


def _is_closed(body: bytes, begin: int) -> bool:
    """Whether a string that begins here ends with the document."""
    text = memoryview(body)[begin + 1 :]
    if not text or text[-1] != _QUOTE:
        return False
    slashes = next((count for count, byte in enumerate(text[-2::-1]) if byte != _SLASH), len(text) - 1)
    return slashes % 2 == 0


def _mismatch(body: bytes, at: int, top: _Open) -> MalformedBody:
    if not top.kind:
        return MalformedBody("is not JSON: a bracket closes what was never opened", where=place(body, at))
    return MalformedBody(
        f"is not JSON: an {_KINDS[top.kind]} is closed by another kind of bracket", where=place(body, at)
    )


def place(body: bytes, position: int) -> str:
    """Line and column of a byte, as JSON's parser counts them: from 1, in characters."""
    line = body.count(b"\n", 0, position) + 1
    column = 1
    for start in range(body.rfind(b"\n", 0, position) + 1, position, _SMALLEST_PART):
        text = body[start : min(position, start + _SMALLEST_PART)]
        column += len(text) if text.isascii() else sum(not 0x80 <= byte < 0xC0 for byte in text)
    return f"line {line} column {column}"
