"""npy and Parquet, in and out, against the numpy and pyarrow that people have."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from onehandler.batch.inputs import Asked, File
from onehandler.batch.inputs import parquet as parquet_input
from onehandler.batch.outputs import output_named
from onehandler.batch.reading import Results
from onehandler.errors import InvalidInput
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.bundles import COLUMNS, ROW, build
from tests.onehandler.batch.bench import HEADER, LINE, Bench

ROWS = np.array([ROW, [6.2, 2.9, 4.3, 1.3], [7.7, 3.8, 6.7, 2.2]] * 9, dtype=np.float32)


@pytest.fixture(scope="module")
def regressor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handler]:
    """A model whose only output is a number."""
    found = Handler.load(
        build("regression", tmp_path_factory.mktemp("bundles")), Settings({"ONEHANDLER_THREADS": "1"})
    )
    yield found
    found.close()


def _npy(array: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def _table(**columns: Any) -> bytes:
    file = io.BytesIO()
    named = {name: ROWS[:, index] for index, name in enumerate(COLUMNS)}
    parquet.write_table(pa.table({**named, **columns}), file, row_group_size=10)
    return file.getvalue()


def _predicted(handler: Handler, rows: Any) -> list[Any]:
    results = handler.score("\n".join(json.dumps(row) for row in rows.tolist()).encode(), "application/jsonl")
    return [result.prediction for result in results]


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
@pytest.mark.parametrize("chunk_bytes", [1, 50, 8 << 20])
def test_arrays_are_scored_row_by_row(handler: Handler, dtype: str, chunk_bytes: int) -> None:
    bench = Bench(handler, chunk_bytes)
    content = _npy(ROWS.astype(dtype))
    prefix = bench.drop("rows.npy", content, output="jsonl")
    bench.work()
    found = [json.loads(line) for part in bench.parts(prefix) for line in part.splitlines()]
    assert [line["prediction"] for line in found] == _predicted(handler, ROWS)
    width = ROWS.astype(dtype).itemsize * len(COLUMNS)
    assert [line["offset"] for line in found] == list(range(128, len(content), width))


def test_numbers_that_do_not_fit_are_errors_of_their_rows(handler: Handler) -> None:
    rows = ROWS.astype("<f8")
    rows[3, 1] = 1e300
    bench = Bench(handler)
    prefix = bench.drop("rows.npy", _npy(rows), output="csv")
    bench.work()
    errors = [row["error"] for row in bench.rows(prefix)]
    assert [bool(error) for error in errors] == [index == 3 for index in range(len(rows))]
    assert "too large for float32" in errors[3]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04", "is no .npy file"),
        (_npy(ROWS[:, :3]), "has the shape (27, 3), the model takes"),
        (_npy(ROWS[0]), "has the shape"),
        (_npy(ROWS.astype("<i8")), "holds int64"),
        (_npy(np.array([["a"]])), "another type"),
        (_npy(np.array([None]), allow_pickle=True), "another type"),
        (_npy(np.asfortranarray(ROWS)), "Fortran"),
        (_npy(ROWS)[:-3], "promises 432 bytes of values, the file has 429"),
        (_npy(ROWS) + b"x", "promises 432"),
    ],
)
def test_other_arrays_are_refused(handler: Handler, content: bytes, told: str) -> None:
    bench = Bench(handler)
    assert told in bench.refused(bench.drop("rows.npy", content, output="csv"))


def test_arrays_of_any_rank(tmp_path: Path) -> None:
    settings = Settings({"ONEHANDLER_THREADS": "1"})
    with closing(Handler.load(build("image", tmp_path), settings)) as images:
        bench = Bench(images, chunk_bytes=600)
        pictures = np.arange(5 * 64, dtype=np.float32).reshape(5, 8, 8)
        prefix = bench.drop("pictures.npy", _npy(pictures), output="csv")
        bench.work()
        assert [row["digit"] for row in bench.rows(prefix)] == _predicted(images, pictures)
        assert "'digit' is none; ask for another" in bench.refused(bench.drop("same.npy", _npy(pictures)))
    with closing(Handler.load(build("lookup", tmp_path), settings)) as table:
        bench = Bench(table)
        prefix = bench.drop("places.npy", _npy(np.array([3, 99, 7])), output="csv")
        bench.work()
        assert [row["found"] for row in bench.rows(prefix)] == ["0.75", "", "1.75"]


def test_npy_results_are_what_numpy_loads(regressor: Handler) -> None:
    names = [*regressor.signature.inputs[0].columns]
    rows = [",".join(["0.01"] * len(names)) for _ in range(30)]
    rows[4] = rows[4].replace("0.01", "a string that is quite long", 1)
    bench = Bench(regressor, chunk_bytes=300)
    prefix = bench.drop("rows.csv", "\n".join([",".join(names), *rows]).encode(), output="npy", single=True)
    bench.work()
    found = np.load(io.BytesIO(bench.body(prefix + "results.npy")), allow_pickle=False)
    [output] = [name for name in found.dtype.names or () if name not in ("row", "offset", "error")]
    assert len(found) == 30
    assert [bool(error) for error in found["error"]] == [index == 4 for index in range(30)]
    assert b"takes numbers" in found["error"][4]
    assert len(found["error"][4]) <= 80
    assert np.isnan(found[output][4])
    [expected] = set(_predicted(regressor, np.full((1, len(names)), 0.01)))
    assert {value.item() for index, value in enumerate(found[output]) if index != 4} == {expected}
    failed = list(Results.at(bench.store, "results", prefix).failed())
    assert [(row.row, row.error) for row in failed] == [(5, found["error"][4].decode())]
    streamed = b"".join(Results.at(bench.store, "results", prefix).stream(30))
    assert streamed == bench.body(prefix + "results.npy")


@pytest.mark.parametrize("chunk_bytes", [1, 8 << 20])
def test_tables_are_scored_by_row_group(handler: Handler, chunk_bytes: int) -> None:
    bench = Bench(handler, chunk_bytes)
    ids = pa.array(range(100, 127), pa.int32())
    notes = pa.array([None, "a", "=b"] * 9)
    prefix = bench.drop("rows.parquet", _table(id=ids, note=notes, other=notes), carry=["id", "note"])
    chunks = bench.work()
    assert [chunk.counts.rows for chunk in chunks] == ([10, 10, 7] if chunk_bytes == 1 else [27])
    tables = [parquet.read_table(pa.BufferReader(part)) for part in bench.parts(prefix)]
    found = pa.concat_tables(tables).to_pydict()
    assert found["id"] == list(range(100, 127))
    assert found["note"] == [None, "a", "=b"] * 9
    assert found["offset"] == list(range(27))
    assert tables[0].schema.field("id").type == pa.int32()
    assert found["label"] == [each["label"] for each in _predicted(handler, ROWS)]
    assert found["error"] == [None] * 27


def test_cells_that_are_null_or_text_are_errors_of_their_rows(handler: Handler) -> None:
    values: list[Any] = [*map(str, ROWS[:, 0].tolist())]
    values[3] = None
    bench = Bench(handler)
    prefix = bench.drop("rows.parquet", _table(**{COLUMNS[0]: values}), output="csv")
    bench.work()
    errors = [row["error"] for row in bench.rows(prefix)]
    assert "null" in errors[3]
    assert all("takes numbers, not a string" in error for index, error in enumerate(errors) if index != 3)


@pytest.mark.parametrize("kind", [pa.float64(), pa.int8(), pa.uint64(), pa.bool_(), pa.date32()])
def test_columns_of_any_type_are_read_or_told(handler: Handler, kind: Any) -> None:
    bench = Bench(handler)
    column = pa.array([1] * 27, pa.int32()).cast(pa.int64() if kind == pa.uint64() else pa.int32()).cast(kind)
    prefix = bench.drop("rows.parquet", _table(**{COLUMNS[0]: column}), output="csv")
    bench.work()
    errors = {row["error"] for row in bench.rows(prefix)}
    assert len(errors) == 1
    assert bool(errors.pop()) == (kind in (pa.bool_(), pa.date32()))


def test_a_row_group_that_cannot_be_read_is_as_many_error_rows(handler: Handler) -> None:
    content = bytearray(_table())
    metadata = parquet.ParquetFile(pa.BufferReader(bytes(content))).metadata
    start = metadata.row_group(1).column(0).data_page_offset
    content[start : start + 20] = b"\xff" * 20
    bench = Bench(handler, chunk_bytes=1)
    prefix = bench.drop("rows.parquet", bytes(content), output="csv")
    bench.work()
    rows = bench.rows(prefix)
    assert [int(row["offset"]) for row in rows] == list(range(27))
    assert [bool(row["error"]) for row in rows] == [10 <= index < 20 for index in range(27)]
    assert "row group" in rows[10]["error"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", _table()[:-9]])
def test_other_files_are_refused(handler: Handler, content: bytes) -> None:
    bench = Bench(handler)
    assert "not a Parquet file" in bench.refused(bench.drop("rows.parquet", content))


def test_a_row_group_that_is_too_large_is_refused(handler: Handler, tmp_path: Path) -> None:
    del tmp_path

    class Group:
        total_byte_size = parquet_input.GROUP_LIMIT + 1
        num_rows = 5

    class Metadata:
        num_row_groups = 1

        def row_group(self, _: int) -> Group:
            return Group()

    with pytest.raises(Exception, match="smaller row groups"):
        parquet_input._marks(Metadata(), 100, 1000)
    assert handler.signature.batched


@pytest.mark.parametrize("claimed", [2**62, 2_000_000, -1])
def test_more_rows_than_a_file_can_hold_are_not_believed(claimed: int) -> None:
    """Each of them would become an error row."""

    class Group:
        total_byte_size = 100
        num_rows = claimed

    class Metadata:
        num_row_groups = 1

        def row_group(self, _: int) -> Group:
            return Group()

    with pytest.raises(InvalidInput, match="rows in row group 0"):
        parquet_input._marks(Metadata(), 100, 1_000_000)


def test_a_million_rows_that_never_change_are_believed(handler: Handler) -> None:
    file = io.BytesIO()
    parquet.write_table(pa.table({name: np.ones(1_000_000, "f4") for name in COLUMNS}), file)
    content = file.getvalue()
    held = File(lambda start, end: content[start:end], len(content))
    layout = parquet_input.INPUT.layout(held, handler.signature, Asked(1 << 30))
    assert layout.marks[-1] == [1, 1_000_000]


def test_a_table_without_rows_succeeds_at_once(handler: Handler) -> None:
    bench = Bench(handler)
    file = io.BytesIO()
    parquet.write_table(pa.table({name: pa.array([], pa.float32()) for name in COLUMNS}), file)
    prefix = bench.drop("rows.parquet", file.getvalue())
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 0


def test_parquet_results_of_csv_rows(handler: Handler) -> None:
    bench = Bench(handler)
    bad = LINE.replace("7", "8", 1).rpartition(",")[0] + ",oops"
    prefix = bench.drop("rows.csv", "\n".join([HEADER, LINE, bad]).encode(), output="parquet", carry=["id"])
    bench.work()
    [part] = bench.parts(prefix)
    found = parquet.read_table(pa.BufferReader(part)).to_pylist()
    assert [row["id"] for row in found] == ["7", "8"]
    assert found[0]["error"] is None
    assert "takes numbers" in found[1]["error"]
    assert found[1]["label"] is None
    assert [row.row for row in Results.at(bench.store, "results", prefix).failed()] == [2]
    assert output_named("parquet").head_size(part) is None


def test_text_that_is_not_utf_8_is_one_rows_error(tmp_path: Path) -> None:
    texts = pa.array([b"K\xc3\xb6ln", b"\xff", None], pa.binary()).view(pa.string())
    table = pa.table({"age": [1.0, 2.0, 3.0], "visits": [1, 2, 3], "city": texts})
    file = io.BytesIO()
    parquet.write_table(table, file)
    served = Handler.load(build("mixed", tmp_path), Settings({"ONEHANDLER_THREADS": "1"}))
    bench = Bench(served)
    prefix = bench.drop("rows.parquet", file.getvalue())
    bench.work()
    (part,) = bench.parts(prefix)
    told = parquet.read_table(pa.BufferReader(part)).to_pydict()["error"]
    assert told[0] is None
    assert "not UTF-8" in told[1]
    assert "city" in told[2]
    served.close()
