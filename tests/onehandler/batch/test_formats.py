import csv
import io

import pytest

from onehandler.batch.formats import format_named, name_for_key, name_for_type
from onehandler.batch.results import Result, result_columns
from onehandler.dtypes import dtype_named
from onehandler.errors import InvalidInput, MalformedBody, UnsupportedType
from onehandler.signature import ANY, Signature, TensorSpec

SIGNATURE = Signature(
    inputs=[TensorSpec("X", dtype_named("float32"), (ANY, 3), ("a", "b", "c"))],
    outputs=[
        TensorSpec("label", dtype_named("string"), (ANY,)),
        TensorSpec("probabilities", dtype_named("float32"), (ANY, 2), ("no", "yes")),
    ],
)
MIXED = Signature(
    inputs=[
        TensorSpec("age", dtype_named("int64"), (ANY, 1)),
        TensorSpec("city", dtype_named("string"), (ANY, 1)),
        TensorSpec("member", dtype_named("bool"), (ANY,)),
    ],
    outputs=[TensorSpec("score", dtype_named("float64"), (ANY, 1))],
)
CSV = format_named("csv")


def test_csv_takes_columns_in_any_order_among_others() -> None:
    columns = CSV.header(b"id,c,a,b", SIGNATURE)
    assert columns == ["id", "c", "a", "b"]
    assert CSV.row(b"7,3,1,2.5", columns, SIGNATURE) == {"a": 1.0, "b": 2.5, "c": 3.0}


def test_csv_types_each_cell_by_its_column() -> None:
    columns = CSV.header(b"\xef\xbb\xbfage,city,member", MIXED)
    assert CSV.row('41,"S\u00e3o Paulo, SP",TRUE'.encode(), columns, MIXED) == {
        "age": 41,
        "city": "S\u00e3o Paulo, SP",
        "member": True,
    }
    assert CSV.row(b",,0", columns, MIXED) == {"age": None, "city": "", "member": False}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"a,b", "lacks 1 of the model's columns: 'c'"),
        (b"a,b,c,a", "names 'a' more than once"),
        (b"", "lacks 3"),
    ],
)
def test_csv_refuses_a_header_that_does_not_fit(header: bytes, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        CSV.header(header, SIGNATURE)


@pytest.mark.parametrize(
    ("record", "error", "told"),
    [
        (b"1,2", InvalidInput, "has 2 cells, the header has 3"),
        (b'1,"2,3', MalformedBody, "line break inside a quoted cell"),
        (b"1,\xff,3", MalformedBody, "byte 2 of the line is not UTF-8"),
        (b'1,"2"x,3', MalformedBody, "not a CSV line"),
    ],
)
def test_csv_refuses_a_row_that_it_cannot_read(record: bytes, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        CSV.row(record, ["a", "b", "c"], SIGNATURE)


def test_csv_results_stand_one_a_row_with_flat_columns() -> None:
    prediction = {"label": "=yes", "probabilities": {"no": 0.25, "yes": float("nan")}}
    error = InvalidInput("takes numbers, not a string", where="b")
    written = (
        CSV.head(SIGNATURE) + CSV.write([Result(1, 9, prediction), Result(2, 17, error=error)], SIGNATURE)
    ).decode()
    rows = list(csv.reader(io.StringIO(written)))
    assert rows[0] == ["row", "offset", *result_columns(SIGNATURE), "error"]
    assert rows[1] == ["1", "9", "'=yes", "0.25", "NaN", ""]
    assert rows[2] == ["2", "17", "", "", "", "b: takes numbers, not a string"]


def test_json_lines_rows_and_results() -> None:
    lines = format_named("jsonl")
    assert lines.header(b"[1,2,3]", SIGNATURE) == []
    assert lines.row(b'{"a": 1, "b": 2, "c": 3}', [], SIGNATURE) == {"a": 1, "b": 2, "c": 3}
    with pytest.raises(MalformedBody):
        lines.row(b'{"a": 1', [], SIGNATURE)
    with pytest.raises(InvalidInput, match="not a number"):
        lines.row(b"7", [], SIGNATURE)
    written = lines.write(
        [Result(1, 0, float("inf")), Result(2, 8, error=InvalidInput("no", where="a"))], SIGNATURE
    )
    assert written.splitlines() == [
        b'{"row":1,"offset":0,"prediction":"Infinity"}',
        b'{"row":2,"offset":8,"error":{"kind":"invalid","message":"no","where":"a"}}',
    ]


def test_formats_are_found_by_extension_and_media_type() -> None:
    assert name_for_key("a/b.CSV") == "csv"
    assert name_for_type("text/csv; charset=utf-8") == "csv"
    assert name_for_type("application/x-ndjson") == "jsonl"
    with pytest.raises(UnsupportedType, match="decompress"):
        name_for_key("rows.csv.gz")
    with pytest.raises(UnsupportedType, match="text/csv"):
        name_for_type("image/png")
