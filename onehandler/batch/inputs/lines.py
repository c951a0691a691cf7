"""Lines out of a byte range: which ones a range owns, read without reading the rest of the file."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from onehandler.batch.inputs.quotes import join_quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[int, int], bytes]

_READ = 4 * 1024 * 1024  # bytes at a time
_OVERLAP = 64 * 1024  # read past the range at a time, to finish its last line
_FEW = 16  # lines that are not worth a block of their own
RECORD_LIMIT = 1024 * 1024  # bytes; a longer line becomes an error row
_QUOTE = b'"'


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines without their endings, and where the first byte of each lies in the file. Blank lines are none.

    A line longer than RECORD_LIMIT is cut: it has RECORD_LIMIT + 1 bytes.
    """

    offsets: list[int]
    contents: list[bytes]

    def __len__(self) -> int:
        return len(self.contents)

    def part(self, first: int, count: int) -> Lines:
        """Some of them."""
        last = first + count
        return Lines(self.offsets[first:last], self.contents[first:last])


def line_blocks(
    read: Read, start: int, end: int, data_start: int, inside: bool | None = None
) -> Iterator[Lines]:
    """Lines whose first byte lies in [start, end), in order, as many at a time as one read gives.

    `read(a, b)` gives the bytes [a, b) of the file, fewer at its end. A range that starts inside a line leaves that
    line to the range before it; the last line is read past `end` as far as it goes, or as far as a line may.
    Unless `inside` is None a line may go on within quotes; it says whether `start` is a byte within quotes.
    """
    held: Lines | None = None
    for found in _owned(read, start, end, data_start, inside):
        if held is None:
            held = found
        elif len(found) <= _FEW:  # as the last line often is, for its end comes with another read
            held = Lines(held.offsets + found.offsets, held.contents + found.contents)
        else:
            yield held
            held = found
    if held is not None:
        yield held


def _owned(read: Read, start: int, end: int, data_start: int, inside: bool | None) -> Iterator[Lines]:
    first = start if start == data_start else start - 1  # the byte before us tells whether a line begins here
    blocks = _whole_lines(read, first, end)
    if inside is not None:
        if first != start and read(first, start) == _QUOTE:
            inside = not inside  # as it was before that byte
        blocks = join_quoted(blocks, RECORD_LIMIT, end, inside=inside)
    for block in blocks:
        offsets, contents = block.offsets, block.contents
        if first != start and offsets and offsets[0] == first:  # the neighbour's
            offsets, contents = offsets[1:], contents[1:]
        past = len(offsets) and offsets[-1] >= end
        if past:
            count = next(index for index, offset in enumerate(offsets) if offset >= end)
            offsets, contents = offsets[:count], contents[:count]
        found = _without_blank(offsets, contents)
        if len(found):
            yield found
        if past:
            return


def _whole_lines(read: Read, position: int, end: int) -> Iterator[Lines]:
    """Every line from a position to the end of the file, or to a line that is too long at or past `end`."""
    begun = _Begun(position)
    while data := read(position, min(position + _READ, end) if position < end else position + _OVERLAP):
        position += len(data)
        cut = data.rfind(b"\n")
        if cut < 0:
            begun.extend(data)
            if position >= end and begun.size > RECORD_LIMIT:
                break  # however long it is, it is too long
            continue
        yield begun.finished(data[:cut])
        begun = _Begun(position - len(data) + cut + 1)
        begun.extend(data[cut + 1 :])
    if begun.size:
        yield begun.finished(b"")


class _Begun:
    """A line whose end has not been read yet. It keeps no more of it than shows that it is too long."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.size = 0  # bytes so far, kept or not
        self._kept = bytearray()
        self._dropped = 0  # quotes among those not kept

    def extend(self, data: bytes) -> None:
        room = RECORD_LIMIT + 1 - len(self._kept)
        self.size += len(data)
        self._kept += data[:room]
        self._dropped += data[room:].count(_QUOTE)

    def finished(self, data: bytes) -> Lines:
        """The line with those after it: data ends where the last of them does, before its newline."""
        contents = data.split(b"\n")
        sizes = [len(line) + 1 for line in contents]
        if self.size:
            sizes[0] += self.size
            contents[0] = bytes(self._kept) + contents[0]
        offsets = list(accumulate(sizes[:-1], initial=self.offset))
        if max(sizes) > RECORD_LIMIT:
            contents = [_cut(line, 0 if index else self._dropped) for index, line in enumerate(contents)]
        return Lines(offsets, contents)


def _cut(line: bytes, dropped: int) -> bytes:
    """As much of a line as is kept, with its quotes odd or even as they were: they say what follows."""
    kept = line[: RECORD_LIMIT + 1]
    if (line.count(_QUOTE) + dropped - kept.count(_QUOTE)) % 2:
        kept = kept[:-1] + (b" " if kept.endswith(_QUOTE) else _QUOTE)
    return kept


def _without_blank(offsets: list[int], contents: list[bytes]) -> Lines:
    if any(line.endswith(b"\r") for line in contents):
        contents = [line.removesuffix(b"\r") for line in contents]
    if all(contents):
        return Lines(offsets, contents)
    kept = [index for index, line in enumerate(contents) if line]
    return Lines([offsets[index] for index in kept], [contents[index] for index in kept])
