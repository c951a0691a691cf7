"""The files that are dropped: each with the row that must come of every row, and where it lies."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onehandler.handler import Handler

POISON_EVERY = 100_000  # rows
_POISON = "not a number"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of one file: of each row its first byte, and its cells after the offset."""

    offsets: list[int]
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Rows:
    """The demo's rows, each with the cells that the model answers, without a queue or a store in between."""

    header: str
    lines: list[str]
    answers: list[str]

    @classmethod
    def read(cls, handler: Handler, path: Path) -> Rows:
        """Ask the handler once for every row of a CSV file."""
        header, *lines = path.read_text().splitlines()
        content = "\n".join([header, *lines]).encode()
        answers = []
        for result in handler.score(content, "text/csv"):
            found = result.prediction
            probabilities = found["probabilities"].values()
            answers.append(",".join([str(found["label"]), *map(str, probabilities)]))
        return cls(header, lines, answers)


def plain(rows: Rows, path: Path, count: int, seed: int) -> Expected:
    """So many rows; one in 100,000 is no row at all, and there is at least one."""
    chance = random.Random(seed)
    poisoned = {
        chance.randrange(start, min(start + POISON_EVERY, count)) for start in range(0, count, POISON_EVERY)
    }
    with path.open("w", newline="") as file:
        return _written(file, rows, count, poisoned, "\n")


def _written(file: io.TextIOBase, rows: Rows, count: int, poisoned: set[int], ending: str) -> Expected:
    offset = file.write(rows.header + ending)
    offsets, cells = [], []
    for number in range(count):
        index = number % len(rows.lines)
        line, answer = rows.lines[index], rows.answers[index]
        if number in poisoned:
            line, answer = _POISON + line[line.index(",") :], ""
        offsets.append(offset)
        cells.append(answer)
        offset += file.write(line + ending)
    return Expected(offsets, cells)


def quoted(rows: Rows, path: Path, count: int) -> Expected:
    """Rows with a note that has line breaks within quotes, and line endings of Windows."""
    offsets, cells = [], []
    offset = 0
    with path.open("wb") as file:
        for line in _noted(rows, count):
            size = file.write(line)
            offsets.append(offset)
            offset += size
    cells = [rows.answers[number % len(rows.answers)] for number in range(count)]
    return Expected(offsets[1:], cells)


def _noted(rows: Rows, count: int) -> Iterator[bytes]:
    yield f"note,{rows.header}\r\n".encode()
    for number in range(count):
        text = io.StringIO(newline="")
        csv.writer(text).writerow([f'row {number}\nsays "no"\n'])
        note = text.getvalue().removesuffix("\r\n")
        yield f"{note},{rows.lines[number % len(rows.lines)]}\r\n".encode()
