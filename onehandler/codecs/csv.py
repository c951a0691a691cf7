"""CSV as RFC 4180 has it: UTF-8, commas, double quotes, lines ending in any way; a byte order mark is passed over.

Batch scoring has a reader of its own (onehandler.batch.inputs.csv), which reads ranges of files.
"""

from __future__ import annotations

import csv
from io import BytesIO, TextIOWrapper

from onehandler.errors import MalformedBody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

CONTENT_TYPE = "text/csv"
_LONGEST = 2 * 1024 * 1024  # characters of a line


def loads(body: bytes) -> Iterator[list[str]]:
    """Every record that isn't an empty line, one after the other: their cells take far more memory than the body.

    MalformedBody says which line is none.
    """
    lines = TextIOWrapper(BytesIO(body), encoding="utf-8-sig", newline="")
    reader = csv.reader(_bounded(lines), strict=True)
    try:
        yield from filter(None, reader)
    except UnicodeDecodeError:
        raise MalformedBody("is not UTF-8", where=f"after line {reader.line_num}") from None
    except csv.Error:
        # The csv module's own words would quote the input.
        raise MalformedBody(
            "is not CSV: a quote is left open or stands within a cell, or a cell is longer than 131,072 characters",
            where=f"line {reader.line_num}",
        ) from None


def _bounded(lines: TextIOWrapper) -> Iterator[str]:
    """The lines, as long as they are such: an empty cell is one byte here, and eight in a record."""
    while line := lines.readline(_LONGEST + 1):
        if len(line) > _LONGEST:
            raise MalformedBody(f"has a line of more than {_LONGEST:,} characters", where="body")
        yield line


def dumps(rows: Iterable[Sequence[Any]]) -> bytes:
    """One line a row, ended by a line feed; what isn't text is written as Python shows it, floats shortest."""
    return text_of(rows).encode()


def text_of(rows: Iterable[Iterable[Any]]) -> str:
    """The same as text."""
    lines = _Lines()
    csv.writer(lines, lineterminator="\r\n").writerows(rows)
    return "".join(lines)


class _Lines(list[str]):
    """Takes lines from a writer, which before Python 3.13 quotes those ends of lines alone that it writes itself."""

    def write(self, line: str) -> None:
        """Keep a line with a line feed at its end."""
        self.append(line[:-2] + "\n")
