"""Line breaks within quotes, wherever the file is split."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.batch.inputs.lines import RECORD_LIMIT, line_blocks
from onehandler.batch.inputs.quotes import first_record, has_quoted_breaks
from onehandler.batch.ports import Status
from onehandler.codecs.csv import dumps
from onehandler.handler import Handler
from tests.bundles import COLUMNS, ROW
from tests.onehandler.batch.bench import Bench

HEADER = ",".join(["note", *COLUMNS])
VALUES = ",".join(map(str, ROW))
CELLS = st.text(alphabet='a",\n\r', max_size=8)


def _file(notes: list[str], ending: str = "\n") -> bytes:
    rows = [["note", *COLUMNS], *([note, *ROW] for note in notes)]
    if ending == "\n":
        return dumps(rows)
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ending).writerows(rows)
    return text.getvalue().encode()


def _split(content: bytes, step: int) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    for start in range(0, len(content), step):
        inside = content[:start].count(b'"') % 2 == 1
        blocks = line_blocks(lambda a, b: content[a:b], start, min(start + step, len(content)), 0, inside)
        for block in blocks:
            found += zip(block.offsets, block.contents, strict=True)
    return found


@given(
    notes=st.lists(CELLS, min_size=1, max_size=6),
    step=st.integers(1, 60),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_any_split_gives_the_records_of_the_whole(notes: list[str], step: int, ending: str) -> None:
    content = _file(notes, ending)
    found = _split(content, step)
    rows = [next(csv.reader([record.decode()], strict=True)) for _, record in found]
    assert rows == [["note", *COLUMNS], *([note, *map(str, ROW)] for note in notes)]
    assert found == _split(content, len(content))


@pytest.mark.parametrize("chunk_bytes", [17, 64, 8 << 20])
def test_a_file_with_breaks_in_cells_is_scored_row_by_row(handler: Handler, chunk_bytes: int) -> None:
    bench = Bench(handler, chunk_bytes)
    notes = ["plain", "two\nlines", 'say "a"\n\n"b"', "\n\n\n", "=1+1"] * 7
    content = _file(notes)
    prefix = bench.drop("notes.csv", content, carry=["note"])
    counting = [json.loads(body) for body in bench.queue.bodies if "step" in json.loads(body)]
    assert bool(counting) == (chunk_bytes < len(content))
    bench.work()
    rows = bench.rows(prefix)
    assert [row["note"] for row in rows] == [note.replace("=1", "'=1") for note in notes]
    assert not any(row["error"] for row in rows)
    assert [int(row["offset"]) for row in rows] == [offset for offset, _ in _split(content, len(content))][1:]
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == len(notes)
    assert list(bench.ledger.unfinished()) == []


def test_quotes_are_counted_once_however_often_it_is_asked(handler: Handler) -> None:
    bench = Bench(handler, 64)
    content = _file(["a\nb"] * 9)
    prefix = bench.drop("notes.csv", content)
    first = list(bench.queue.bodies)
    bench.queue.bodies = first * 2
    bench.drop("notes.csv", content)
    bench.work()
    offsets = [row["offset"] for row in bench.rows(prefix)]
    assert len(offsets) == len(set(offsets)) == 9
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 9


def test_a_stray_quote_joins_no_lines_unless_it_was_asked_for(handler: Handler) -> None:
    content = f'{HEADER}\n5" pipe,{VALUES}\n7" pipe,{VALUES}\n'.encode()
    bench = Bench(handler)
    assert [row["error"] for row in bench.rows(_scored(bench, content))] == ["", ""]
    bench = Bench(handler)
    [row] = bench.rows(_scored(bench, content, quoted_newlines=True))
    assert "not a CSV line" in row["error"]


def test_a_header_may_have_breaks(handler: Handler) -> None:
    bench = Bench(handler)
    content = f'"my\nnote",{",".join(COLUMNS)}\nx,{VALUES}\n'.encode()
    [row] = bench.rows(_scored(bench, content, carry=["my\nnote"]))
    assert row["my\nnote"] == "x"


def test_a_quote_that_is_never_closed_is_read_no_further_than_a_row_may_be_long() -> None:
    reads: list[int] = []
    content = f'{HEADER}\n"open,{VALUES}\n'.encode() + f"x,{VALUES}\n".encode() * 300_000

    def read(first: int, last: int) -> bytes:
        reads.append(len(content[first:last]))
        return content[first:last]

    start = len(HEADER) + 1
    [block] = line_blocks(read, start, start + 100, start, inside=False)
    [record] = block.contents
    assert len(record) == RECORD_LIMIT + 1
    assert sum(reads) < 2 * RECORD_LIMIT
    assert len(content) > 4 * RECORD_LIMIT


def test_a_line_that_is_cut_keeps_its_quotes_odd_or_even() -> None:
    long = b'"' + b"x" * (RECORD_LIMIT + 100) + b'"'
    content = long + b'\n"a\nb"\n'
    found = list(line_blocks(lambda a, b: content[a:b], 0, len(content), 0, inside=False))
    assert [record for block in found for record in block.contents][1:] == [b'"a\nb"']


def test_what_a_file_begins_with_tells_whether_its_cells_have_breaks() -> None:
    assert first_record(b'"a\nb",c\r\nrest') == (b'"a\nb",c', 9)
    assert first_record(b"no end") == (b"no end", 6)
    assert has_quoted_breaks(b'1,"x\ny"\n', 2)
    assert not has_quoted_breaks(b'1,"x\ny",3\n', 2)
    assert not has_quoted_breaks(b"1,2\n" * 9, 2)


def test_a_cancelled_job_stops_counting(handler: Handler) -> None:
    bench = Bench(handler, 64)
    prefix = bench.drop("notes.csv", _file(["a\nb"] * 9))
    job = prefix.rstrip("/").rpartition("/")[2]
    bench.ledger.move(job, (Status.OPEN,), Status.CANCELLED)
    assert all(chunk.cancelled for chunk in bench.work())
    assert [mended.how for mended in bench.sweeper.sweep()] == ["closed"]
    assert list(bench.ledger.unfinished()) == []


def _scored(bench: Bench, content: bytes, **options: object) -> str:
    prefix = bench.drop("notes.csv", content, **options)
    bench.work()
    return prefix
