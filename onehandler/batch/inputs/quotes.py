"""Line breaks within quotes: a break ends a record only after an even number of quotes since the file's first row.

That is exact wherever quotes come in pairs, as RFC 4180 has them, and needs of all that stands before a chunk no more
than the number of quotes in it, which other workers count (onehandler/batch/counting.py).
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onehandler.batch.inputs.lines import Lines

_QUOTE = b'"'


def join_quoted(blocks: Iterator[Lines], limit: int, end: int, *, inside: bool) -> Iterator[Lines]:
    """Lines joined to records. `inside` says that the first one begins within quotes.

    A record over `limit` bytes is cut, like a line; one that is too long and goes on at or past `end` is not read to
    its own.
    """
    held = _Held(limit)
    held.odd = inside
    for block in blocks:
        if not held.pieces and not held.odd and not any(_QUOTE in line for line in block.contents):
            yield block
            continue
        offsets: list[int] = []
        contents: list[bytes] = []
        for offset, line in zip(block.offsets, block.contents, strict=True):
            held.add(offset, line)
            if not held.odd:
                offsets.append(held.offset)
                contents.append(held.taken())
            elif offset >= end and held.size > limit:
                break
        yield type(block)(offsets, contents)
        if held.pieces and held.size > limit and block.offsets[-1] >= end:
            break
    if held.pieces:
        yield type(block)([held.offset], [held.taken()])


class _Held:
    """A record whose end has not been met."""

    def __init__(self, limit: int) -> None:
        self.pieces: list[bytes] = []
        self.offset = self.size = 0
        self.odd = False
        self._limit = limit

    def add(self, offset: int, line: bytes) -> None:
        if not self.pieces:
            self.offset, self.size = offset, 0
        if self.size <= self._limit:
            self.pieces.append(line)
        self.size += len(line) + 1
        self.odd ^= line.count(_QUOTE) % 2 == 1

    def taken(self) -> bytes:
        found = b"\n".join(self.pieces)[: self._limit + 1]
        self.pieces = []
        return found


def first_record(sample: bytes) -> tuple[bytes, int]:
    """A file's first record without its ending, and where the next one begins: its header may have quoted breaks."""
    position = quotes = 0
    while (found := sample.find(b"\n", position)) >= 0:
        quotes += sample.count(_QUOTE, position, found)
        if quotes % 2 == 0:
            return sample[:found].removesuffix(b"\r"), found + 1
        position = found + 1
    return sample.removesuffix(b"\r"), len(sample)


def has_quoted_breaks(rows: bytes, cells: int) -> bool:
    """Whether some record in a sample has a line break within quotes and as many cells as the header.

    A quote that merely stands about would join lines to a record with other numbers of cells.
    """
    if _QUOTE not in rows:
        return False
    record = b""
    for line in rows.split(b"\n"):
        joined = record + b"\n" + line if record else line
        if joined.count(_QUOTE) % 2:
            record = joined
            continue
        if record and _cells(joined) == cells:
            return True
        record = b""
    return False


def _cells(record: bytes) -> int:
    try:
        return len(next(csv.reader([record.decode()], strict=True), []))
    except (UnicodeDecodeError, csv.Error):
        return 0
