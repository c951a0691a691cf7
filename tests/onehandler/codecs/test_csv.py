"""CSV: whatever cells there are come back, and what two readers would read differently is refused."""

from __future__ import annotations

import csv as reference
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.codecs import csv
from onehandler.errors import MalformedBody

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# A line without a cell is none, and U+FEFF at the beginning is a mark, no text.
RECORDS = st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=6).filter(
    lambda records: not records[0][0].startswith("\ufeff")
)


@given(RECORDS)
def test_what_is_written_is_read(records: list[list[str]]) -> None:
    assert list(csv.loads(csv.dumps(records))) == records


@given(RECORDS, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_what_others_write_is_read(records: list[list[str]], end: str, mark: bool) -> None:
    written = io.StringIO(newline="")
    reference.writer(written, lineterminator=end, quoting=reference.QUOTE_ALL).writerows(records)
    assert list(csv.loads(("\ufeff" * mark + written.getvalue()).encode())) == records


def test_blank_lines_are_no_records() -> None:
    assert list(csv.loads(b"\n1,2\n\r\n\n3,4")) == [["1", "2"], ["3", "4"]]
    assert list(csv.loads(b"")) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_written_exactly(values: list[float]) -> None:
    assert [float(cell) for cell in next(csv.loads(csv.dumps([values])))] == values


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'a,b\n1,"x', "line 2"),
        (b'1,"2"3', "line 1"),
        (b"x" * 200_000, "line 1"),
        (b"a\nb\n\xff", "after line"),
    ],
)
def test_what_is_no_csv_is_told_where(body: bytes, where: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        list(csv.loads(body))
    assert caught.value.where.startswith(where)
