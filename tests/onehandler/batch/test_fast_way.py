"""Many rows at once give what they give one by one, or go one by one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.batch.inputs import Layout
from onehandler.batch.inputs.csv import Csv
from onehandler.batch.inputs.json_lines import JsonLines
from onehandler.batch.inputs.line_block import LineBlock, LineFormat
from onehandler.batch.inputs.lines import Lines
from onehandler.batch.outputs import output_named
from onehandler.batch.rows import block_rows, score_block
from onehandler.dtypes import dtype_named
from onehandler.errors import RequestError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from onehandler.signature import ANY, Signature, TensorSpec

if TYPE_CHECKING:
    from onehandler.tensor import Tensors

_SCORE = TensorSpec("score", dtype_named("float32"), (ANY,))
FLOATS = Signature([TensorSpec("X", dtype_named("float32"), (ANY, 2), ("a", "b"), nullable=True)], [_SCORE])
WHOLE = Signature([TensorSpec("X", dtype_named("int64"), (ANY, 2), ("a", "b"))], [_SCORE])
SIGNATURES = st.sampled_from([FLOATS, WHOLE])
ODD = [
    "", " ", "-0", "0", "1_000", "+1", ".5", "5.", "1e5", "1E-5", "1e39", "1e999", "nan", "NaN", "inf", "-inf", "NA",
    "null", "true", "0x10", "007", '"1"', '"1,2"', '"', '""', "[1]", "1],[2", "{", "}", "abc", "=1+1", "9" * 25, "1 ",
    "\t2", "1;2", "-0.0", "1e-07", "é", "\x00", "1\r2", "9223372036854775807", "9223372036854775808",
]  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(ODD), st.integers(-99, 99).map(str), st.floats(allow_nan=False, width=32).map(str)
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), min_size=1, max_size=6)
COLUMNS = st.sampled_from([["a", "b"], ["b", "a"], ["id", "b", "a"], ["b", "note", "a", "x"]])


def _slowly(chosen: LineFormat, lines: list[bytes], layout: Layout, signature: Signature) -> Tensors | None:
    try:
        rows = [chosen.row(line, layout, signature) for line in lines]
        return tensors_from_rows(signature, rows, "row")
    except RequestError:
        return None


def _same(fast: Tensors | None, slow: Tensors | None) -> None:
    if fast is None:
        return
    assert slow is not None, "the fast way took what the slow one refuses"
    for name, tensor in fast.items():
        assert tensor.shape == slow[name].shape
        assert bytes(memoryview(tensor.data)) == bytes(memoryview(slow[name].data))  # type: ignore[arg-type]


@given(rows=ROWS, columns=COLUMNS, signature=SIGNATURES)
def test_csv(rows: list[str], columns: list[str], signature: Signature) -> None:
    lines = [row.encode() for row in rows]
    layout = Layout(1, columns=columns)
    _same(Csv().tensors(lines, layout, signature), _slowly(Csv(), lines, layout, signature))


@given(rows=ROWS, signature=SIGNATURES, square=st.booleans())
def test_json_lines(rows: list[str], signature: Signature, square: bool) -> None:
    lines = [(f"[{row}]" if square else row).encode() for row in rows]
    layout = Layout(1)
    _same(JsonLines().tensors(lines, layout, signature), _slowly(JsonLines(), lines, layout, signature))


@pytest.mark.parametrize(
    ("rows", "signature"),
    [
        (["1.5,2", "3,-4e-7"], FLOATS),
        (['"1.5",2', "3,4"], FLOATS),
        (["1,2", "-3,4"], WHOLE),
        ([" 1, 2"], FLOATS),
    ],
)
def test_plain_rows_do_go_the_fast_way(rows: list[str], signature: Signature) -> None:
    lines = [row.encode() for row in rows]
    layout = Layout(1, columns=["a", "b"])
    fast = Csv().tensors(lines, layout, signature)
    assert fast is not None
    _same(fast, _slowly(Csv(), lines, layout, signature))


def test_text_columns_that_the_model_does_not_take_keep_no_row_from_it() -> None:
    lines = [b"p-1,2.5,Smith", b'p-2,3.5,"Jones, Jr."']
    layout = Layout(1, columns=["id", "b", "a"])
    found = Csv().tensors(lines, layout, FLOATS)
    assert found is None  # 'a' is text
    found = Csv().tensors([b"p-1,2.5,1", b'"p,2",3.5,2'], layout, FLOATS)
    assert found is not None
    assert found["X"].values() == [1.0, 2.5, 2.0, 3.5]


@pytest.mark.parametrize("carry", [False, True])
@pytest.mark.parametrize("output", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_results_have_the_same_bytes(handler: Handler, name: str, output: str, carry: bool) -> None:
    columns = list(handler.signature.inputs[0].columns)
    values = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3], [7.7, 3.8, 6.7, 2.2]]
    rows = [",".join(map(str, row)) if name == "csv" else json.dumps(row) for row in values]
    lines = Lines([10, 30, 50], [row.encode() for row in rows])
    layout = Layout(1, columns=columns, carry=columns[:2] if carry else [])
    block = LineBlock(Csv() if name == "csv" else JsonLines(), lines, layout)
    tensors = block.tensors(handler.signature)
    assert tensors is not None
    fast, slow = (output_named(output).writer(handler.signature, layout) for _ in range(2))
    fast.block(7, block, handler.predict(tensors))
    slow.results(list(score_block(handler, block, 7)))
    assert fast.body() == slow.body()


def test_blocks_are_of_many_rows_but_not_of_many_values() -> None:
    wide = Signature([TensorSpec("X", dtype_named("float32"), (ANY, 3, 224, 224))], [_SCORE])
    assert block_rows(FLOATS) == 4096
    assert block_rows(wide) == 16
