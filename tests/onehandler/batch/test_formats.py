import csv
import io

import pytest

from onehandler.batch.inputs import Asked, File, Layout, name_for_key, name_for_type
from onehandler.batch.inputs.csv import Csv
from onehandler.batch.inputs.json_lines import JsonLines
from onehandler.batch.outputs import output_named
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
CSV = Csv()


def _layout(header: bytes, signature: Signature) -> Layout:
    content = header + b"\n"
    return CSV.layout(File(lambda start, end: content[start:end], len(content)), signature, Asked(100))


def test_csv_takes_columns_in_any_order_among_others() -> None:
    layout = _layout(b"id,c,a,b", SIGNATURE)
    assert layout.columns == ["id", "c", "a", "b"]
    assert CSV.row(b"7,3,1,2.5", layout, SIGNATURE) == {"a": 1.0, "b": 2.5, "c": 3.0}


def test_csv_types_each_cell_by_its_column() -> None:
    columns = _layout(b"\xef\xbb\xbfage,city,member", MIXED)
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
        _layout(header, SIGNATURE)


@pytest.mark.parametrize(
    ("record", "error", "told"),
    [
        (b"1,2", InvalidInput, "has 2 cells, the header has 3"),
        (b'1,"2,3', MalformedBody, "--quoted-newlines"),
        (b"1,\xff,3", MalformedBody, "byte 2 of the line is not UTF-8"),
        (b'1,"2"x,3', MalformedBody, "not a CSV line"),
    ],
)
def test_csv_refuses_a_row_that_it_cannot_read(record: bytes, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        CSV.row(record, Layout(1, columns=["a", "b", "c"]), SIGNATURE)


def test_csv_results_stand_one_a_row_with_flat_columns() -> None:
    prediction = {"label": "=yes", "probabilities": {"no": 0.25, "yes": float("nan")}}
    error = InvalidInput("takes numbers, not a string", where="b")
    writer = output_named("csv").writer(SIGNATURE, Layout(1))
    writer.results([Result(1, 9, prediction), Result(2, 17, error=error)])
    rows = list(csv.reader(io.StringIO(writer.body().decode())))
    assert rows[0] == ["row", "offset", *result_columns(SIGNATURE), "error"]
    assert rows[1] == ["1", "9", "'=yes", "0.25", "NaN", ""]
    assert rows[2] == ["2", "17", "", "", "", "b: takes numbers, not a string"]


def test_json_lines_rows_and_results() -> None:
    lines, layout = JsonLines(), Layout(1)
    assert lines.row(b'{"a": 1, "b": 2, "c": 3}', layout, SIGNATURE) == {"a": 1, "b": 2, "c": 3}
    with pytest.raises(MalformedBody):
        lines.row(b'{"a": 1', layout, SIGNATURE)
    with pytest.raises(InvalidInput, match="not a number"):
        lines.row(b"7", layout, SIGNATURE)
    writer = output_named("jsonl").writer(SIGNATURE, layout)
    writer.results([Result(1, 0, float("inf")), Result(2, 8, error=InvalidInput("no", where="a"))])
    assert writer.body().splitlines() == [
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
