"""Records out of a byte range: which lines a range owns, read without reading the rest of the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 1024 * 1024
_OVERLAP = 64 * 1024  # read past the range at a time, to finish its last line
RECORD_LIMIT = 1024 * 1024  # bytes; a longer record becomes an error row


@dataclass(frozen=True, slots=True)
class Record:
    """One line without its line ending. `offset` is its first byte's place in the file."""

    offset: int
    content: bytes
    too_long: bool = False


def records(read: Callable[[int, int], bytes], start: int, end: int, data_start: int) -> Iterator[Record]:
    """Lines whose first byte lies in [start, end), in order; blank lines are none.

    `read(a, b)` gives the bytes [a, b) of the file, fewer at its end. A range that starts inside a line
    leaves that line to the range before it; the last line is read past `end` as far as it goes.
    """
    lines = _lines(read, start if start == data_start else start - 1, end)
    if start != data_start:
        next(lines, None)  # the line that the byte before us belongs to is the neighbour's
    for record in lines:
        if record.offset >= end:
            return
        if record.content:
            yield record


def _lines(read: Callable[[int, int], bytes], position: int, end: int) -> Iterator[Record]:
    """Every line from a position to the end of the file, reading in blocks while its caller goes on."""
    line = bytearray()
    offset = position
    while block := read(position, min(position + _BLOCK, end) if position < end else position + _OVERLAP):
        begin = 0
        while (newline := block.find(b"\n", begin)) >= 0:
            _extend(line, block[begin:newline])
            yield _record(offset, line)
            line.clear()
            begin = newline + 1
            offset = position + begin
        _extend(line, block[begin:])
        position += len(block)
    if line:
        yield _record(offset, line)


def _extend(line: bytearray, more: bytes) -> None:
    """Append, but keep no more of a line than shows that it is too long: memory stays flat."""
    line += more[: RECORD_LIMIT + 1 - len(line)]


def _record(offset: int, line: bytearray) -> Record:
    content = bytes(line[:-1] if line.endswith(b"\r") else line)
    return Record(offset, content, too_long=len(line) > RECORD_LIMIT)
