"""Where the large arrays and objects of a JSON document lie, found without making anything of what they hold.

Only brackets and strings are looked at. Values that take little beside the document are left in their surroundings,
and larger ones are cut at commas into parts that take little.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from onehandler.codecs.json import MAX_DEPTH
from onehandler.errors import MalformedBody, TooLarge

_SMALLEST_PART = 32 * 1024  # bytes
_PARTS = 32  # of a document: as Python's objects, a part of empty arrays takes 31 times its bytes
_MEMBER = 1024  # bytes of an array in a large object, from which on it is read by itself
_TEXT = 64  # bytes of a string that count: as Python's object it takes about as many as in the document

_STRING = rb'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))'  # or not closed
_OTHER = rb'[^\[\]{}"\\]'
_NUMBERS = rb'\[[^\[\]{}"]{0,4096}+\]'
_ARRAY = rb"(?P<array>" + _NUMBERS + rb")"
_ROWS = _NUMBERS + rb"(?:[ \t\r\n]*+,[ \t\r\n]*+" + _NUMBERS + rb"){1,15}+"
# What most other documents are made of: short strings, arrays and objects that hold no others; several at once.
_SHORT = rb'"[^"\\]{0,64}+(?:\\.[^"\\]{0,64}+){0,16}+"'
_MEMBERS = rb"\{(?:" + _OTHER + rb"{0,64}+" + _SHORT + rb"){0,%d}+" + _OTHER + rb"{0,64}+\}"
_CELLS = rb"\[(?:" + _OTHER + rb"{0,64}+" + _SHORT + rb"){0,16}+" + _OTHER + rb"{0,64}+\]"
_SMALL = b"(?:" + b"|".join([_SHORT, rb'\[[^\[\]{}"]{0,512}+\]', _MEMBERS % 64, _CELLS]) + b")"
_SEVERAL = _SMALL + rb"(?:" + _OTHER + rb"{0,64}+" + _SMALL + rb"){0,31}+"
_PLAIN = rb'[^\[\]{}"]*+(%s|[\[\]{}]|\Z)'  # at the end nothing: so no search begins twice at one place
_NEXT = re.compile(_PLAIN % b"|".join([_ROWS, _SEVERAL, _ARRAY, _MEMBERS % 1024, _STRING]), re.DOTALL)
_QUOTE, _BRACKET, _BRACE, _SLASH = b'"[{\\'
_CLOSES = {ord("]"): _BRACKET, ord("}"): _BRACE}
_BRACKETS = frozenset(b"[{")
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

    __slots__ = ("cut", "cuts", "hidden", "hidden_since", "kind", "last", "members", "start", "within")

    def __init__(self, kind: int, start: int) -> None:
        self.kind = kind
        self.start = start
        self.within: list[Large] = []
        self.members: list[Large] = []  # arrays that will be large if this turns out to be
        self.cuts: list[int] = []
        self.cut = self.last = start + 1  # the last cut, and where what is its own begins again
        self.hidden = self.hidden_since = 0  # bytes that cost nothing here: in all, and since the last cut

    def passes(self, body: bytes, begin: int, most: int) -> None:
        """Cut what is its own before `begin`, numbers, words, commas and colons, so that parts cost at most so much."""
        while begin - self.cut - self.hidden_since > most:
            first = max(self.last, self.cut + 1)
            wanted = self.cut + self.hidden_since + most
            at = body.rfind(b",", first, min(begin, wanted))
            if at < 0:
                at = body.find(b",", max(first, wanted), begin)
            if at < 0:
                break
            self.cuts.append(at)
            self.cut, self.hidden_since = at, 0

    def hides(self, count: int) -> None:
        """So many bytes cost nothing here."""
        self.hidden += count
        self.hidden_since += count

    def may_take(self, start: int, end: int, cuts: tuple[int, ...] = ()) -> None:
        """An array that is not large, but might be among very many."""
        if self.kind == _BRACE and end - start >= _MEMBER:
            self.members.append(Large(True, start, end, cuts, ()))

    def closed(self, end: int, part: int) -> Large | None:
        """Itself as a whole, if it is large."""
        is_array = self.kind == _BRACKET
        costs = end - self.start - self.hidden > part
        if not costs and not (is_array and self.within):
            return None
        within = sorted(self.within + self.members, key=lambda each: each.start)
        return Large(is_array, self.start, end, tuple(self.cuts), tuple(within))


def outline(body: bytes) -> list[Large]:
    """The outermost large arrays and objects of a document; an array that holds a large one is itself large.

    Raises MalformedBody where brackets or quotes don't match, TooLarge where they are nested too deep. Whatever else
    may be wrong is for the parser to find, within the parts and between them.
    """
    part = max(_SMALLEST_PART, len(body) // _PARTS)
    size, most = len(body), part // 2
    top = whole = _Open(0, -1)
    opened = [top]
    for match in _NEXT.finditer(body):
        begin, end = match.span(1)
        if begin == end:
            break
        if begin - top.cut - top.hidden_since > most:
            top.passes(body, begin, most)
        first = body[begin]
        if first in _CLOSES:
            if top.kind != _CLOSES[first]:
                raise _mismatch(body, begin, top)
            ended = opened.pop()
            top = opened[-1]
            if end - ended.start >= _MEMBER or ended.within:
                _close(ended, top, end, part)
        elif end - begin == 1 and first != _QUOTE:
            top = _Open(first, begin)
            opened.append(top)
        if len(opened) > MAX_DEPTH or end - begin > _TEXT or end == size:
            _look_at(body, match, top, len(opened) - 1)
        top.last = end
    if len(opened) > 1:
        raise MalformedBody(f"is not JSON: an {_KINDS[top.kind]} is not closed", where=place(body, top.start))
    return whole.within


def _look_at(body: bytes, match: re.Match[bytes], top: _Open, depth: int) -> None:
    """A long string or several values, which are not looked into, or what is at the end or very deep."""
    begin, end = match.span(1)
    if match.start("string") >= 0:
        if end == len(body) and not _is_closed(body, begin):
            raise MalformedBody("is not JSON: a string is not closed", where=place(body, begin))
        top.hides(max(0, end - begin - _TEXT))
    elif match.start("array") >= 0:
        top.may_take(begin, end)
    if depth > MAX_DEPTH or (depth == MAX_DEPTH and end - begin > 1 and _holds_brackets(match)):
        raise TooLarge(f"is nested deeper than {MAX_DEPTH} levels", where="body")


def _holds_brackets(match: re.Match[bytes]) -> bool:
    """Whether there are any beside those in strings."""
    return match.start("string") < 0 and not _BRACKETS.isdisjoint(
        re.sub(_STRING, b"", match[1], flags=re.DOTALL)
    )


def _close(ended: _Open, around: _Open, end: int, part: int) -> None:
    found = ended.closed(end, part)
    if found:
        around.within.append(found)
        around.hides(end - ended.start)
        return
    around.within += ended.within
    around.hides(ended.hidden)
    if ended.kind == _BRACKET:
        around.may_take(ended.start, end, tuple(ended.cuts))


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
