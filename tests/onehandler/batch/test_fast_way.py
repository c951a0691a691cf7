"""Many rows at once give what they give one by one, or go one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehandler.batch.formats import Format, format_named
from onehandler.batch.lines import Lines
from onehandler.batch.results import Result
from onehandler.batch.score import block_rows, score_lines
from onehandler.dtypes import dtype_named
from onehandler.errors import RequestError
from onehandler.handler import Handler
from onehandler.rows import tensors_from_rows
from onehandler.settings import Settings
from onehandler.signature import ANY, Signature, TensorSpec
from tests.bundles import build

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


def _slowly(chosen: Format, lines: list[bytes], columns: list[str], signature: Signature) -> Tensors | None:
    try:
        rows = [chosen.row(line, columns, signature) for line in lines]
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
    chosen = format_named("csv")
    _same(chosen.tensors(lines, columns, signature), _slowly(chosen, lines, columns, signature))


@given(rows=ROWS, signature=SIGNATURES, square=st.booleans())
def test_json_lines(rows: list[str], signature: Signature, square: bool) -> None:
    lines = [(f"[{row}]" if square else row).encode() for row in rows]
    chosen = format_named("jsonl")
    _same(chosen.tensors(lines, [], signature), _slowly(chosen, lines, [], signature))


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
    fast = format_named("csv").tensors(lines, ["a", "b"], signature)
    assert fast is not None
    _same(fast, _slowly(format_named("csv"), lines, ["a", "b"], signature))


def test_text_columns_that_the_model_does_not_take_keep_no_row_from_it() -> None:
    lines = [b"p-1,2.5,Smith", b'p-2,3.5,"Jones, Jr."']
    found = format_named("csv").tensors(lines, ["id", "b", "a"], FLOATS)
    assert found is None  # 'a' is text
    found = format_named("csv").tensors([b"p-1,2.5,1", b'"p,2",3.5,2'], ["id", "b", "a"], FLOATS)
    assert found is not None
    assert found["X"].values() == [1.0, 2.5, 2.0, 3.5]


@pytest.fixture(scope="module")
def handler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handler]:
    settings = Settings({"ONEHANDLER_THREADS": "1"})
    found = Handler.load(build("iris", tmp_path_factory.mktemp("bundles")), settings)
    yield found
    found.close()


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_results_have_the_same_bytes(handler: Handler, name: str) -> None:
    chosen = format_named(name)
    columns = list(handler.signature.inputs[0].columns) if name == "csv" else []
    values = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3], [7.7, 3.8, 6.7, 2.2]]
    rows = [",".join(map(str, row)) if name == "csv" else json.dumps(row) for row in values]
    lines = Lines([10, 30, 50], [row.encode() for row in rows])
    tensors = chosen.tensors(lines.contents, columns, handler.signature)
    assert tensors is not None
    fast = chosen.write_block(7, lines.offsets, handler.predict(tensors), handler.signature)
    results: list[Result] = list(score_lines(handler, chosen, columns, lines, 7))
    assert fast == chosen.write(results, handler.signature)


def test_blocks_are_of_many_rows_but_not_of_many_values() -> None:
    wide = Signature([TensorSpec("X", dtype_named("float32"), (ANY, 3, 224, 224))], [_SCORE])
    assert block_rows(FLOATS) == 4096
    assert block_rows(wide) == 16
