import json
from pathlib import Path

import pytest

from onehandler.batch.job import Drop, Task
from onehandler.batch.ports import Gone, Location, Status
from onehandler.batch.score import Scorer
from onehandler.errors import BundleError, SettingsError
from onehandler.handler import Handler
from onehandler.settings import Settings
from tests.bundles import CLASSES, COLUMNS, ROW, build
from tests.onehandler.batch.bench import HEADER, LINE, Bench


def test_a_file_becomes_one_result_a_row_in_order(handler: Handler) -> None:
    bench = Bench(handler)
    prefix = bench.drop("in/rows.csv", f"{HEADER}\n{LINE}\n{LINE}\n".encode())
    assert prefix.startswith("in/rows.csv/")
    [chunk] = bench.work()
    assert (chunk.counts.rows, chunk.counts.failed, chunk.repeated) == (2, 0, False)
    rows = bench.rows(prefix)
    assert [row["row"] for row in rows] == ["1", "2"]
    assert [int(row["offset"]) for row in rows] == [len(HEADER) + 1, len(HEADER) + 1 + len(LINE) + 1]
    assert rows[0]["error"] == ""
    assert float(rows[0][f"probabilities.{CLASSES[0]}"]) >= 0
    assert json.loads(bench.body(prefix + "_SUCCESS"))["predicted"] == 2


@pytest.mark.parametrize("chunk_bytes", [1, 7, 40, 100, 10_000])
def test_chunks_of_any_size_give_the_same_rows(handler: Handler, chunk_bytes: int) -> None:
    bench = Bench(handler, chunk_bytes)
    lines = [LINE.replace("7", str(number), 1) for number in range(50)]
    prefix = bench.drop("rows.csv", "\n".join([HEADER, *lines]).encode())
    manifest = json.loads(bench.body(prefix + "manifest.json"))
    assert manifest["chunks"] == len(bench.queue.bodies)
    chunks = bench.work()
    assert sum(chunk.counts.rows for chunk in chunks) == 50
    offsets = [int(row["offset"]) for row in bench.rows(prefix)]
    assert offsets == sorted(set(offsets))
    assert len(offsets) == 50
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 50


def test_bad_rows_become_error_rows_that_say_why(handler: Handler) -> None:
    bench = Bench(handler)
    bad = ["7,oops,1,2,3", "7,1,2", "7,1,2,3,", '7,1,2,"3', "7,1e39,2,3,4"]
    content = "\n".join([HEADER, LINE, *bad, LINE]).encode()
    prefix = bench.drop("rows.csv", content)
    [chunk] = bench.work()
    assert (chunk.counts.rows, chunk.counts.failed) == (7, 5)
    rows = bench.rows(prefix)
    assert [bool(row["error"]) for row in rows] == [False, True, True, True, True, True, False]
    last, first = COLUMNS[-1], COLUMNS[0]
    assert rows[1]["error"] == f"{last}: float32 takes numbers, not a string"
    assert rows[2]["error"] == "has 3 cells, the header has 5"
    assert first in rows[3]["error"]
    assert "null" in rows[3]["error"]
    assert "--quoted-newlines" in rows[4]["error"]
    assert "too large for float32" in rows[5]["error"]
    assert rows[6] == {**rows[0], "row": "7", "offset": rows[6]["offset"]}


def test_everything_may_happen_twice(handler: Handler) -> None:
    bench = Bench(handler, chunk_bytes=40)
    content = "\n".join([HEADER, *[LINE] * 9]).encode()
    prefix = bench.drop("rows.csv", content)
    messages = list(bench.queue.bodies)
    bench.drop("rows.csv", content)
    assert bench.queue.bodies == messages * 2
    bench.work()
    before = {key: bench.body(key) for key in bench.result_keys()}
    bench.queue.bodies = list(messages)
    assert all(chunk.repeated for chunk in bench.work())
    bench.drop("rows.csv", content)
    assert bench.queue.bodies == []  # the job is done: nothing is sent again
    assert {key: bench.body(key) for key in bench.result_keys()} == before
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 9


def test_a_worker_that_dies_before_the_ledger_loses_nothing(handler: Handler) -> None:
    bench = Bench(handler)
    prefix = bench.drop("rows.csv", f"{HEADER}\n{LINE}".encode())
    messages = list(bench.queue.bodies)
    bench.work()
    del bench.store.objects["results", prefix + "_SUCCESS"]
    bench.ledger.done.clear()
    bench.ledger.entries.clear()
    bench.queue.bodies = messages
    [chunk] = bench.work()
    assert (chunk.repeated, chunk.counts.rows, chunk.counts.failed) == (True, 1, 0)
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 1


def test_json_lines_in_json_lines_out(handler: Handler) -> None:
    bench = Bench(handler)
    named = dict(zip(COLUMNS, ROW, strict=True))
    lines = [json.dumps(named), json.dumps(ROW), '{"sepal length": 1}', "{", "3"]
    prefix = bench.drop("rows.jsonl", "\n".join(lines).encode())
    bench.work()
    found = [json.loads(line) for line in bench.body(prefix + "part-00000.jsonl").splitlines()]
    assert found[0]["prediction"] == found[1]["prediction"]
    assert set(found[0]["prediction"]) == {"label", "probabilities"}
    assert [entry["error"]["kind"] for entry in found[2:]] == ["invalid", "malformed", "invalid"]


@pytest.mark.parametrize(
    ("key", "content", "told"),
    [
        ("rows.csv.gz", b"\x1f\x8b", "decompress it first"),
        ("rows.xlsx", b"PK", "only files ending in .csv"),
        ("rows.csv", b"a,b\n1,2\n", "the header lacks 4 of the model's columns"),
    ],
)
def test_a_file_that_cannot_be_scored_is_refused_with_the_reason(
    handler: Handler, key: str, content: bytes, told: str
) -> None:
    bench = Bench(handler)
    prefix = bench.drop(key, content)
    assert bench.queue.bodies == []
    assert told in json.loads(bench.body(prefix + "_REFUSED"))["reason"]


@pytest.mark.parametrize("content", [b"", HEADER.encode(), HEADER.encode() + b"\n"])
def test_a_file_without_rows_succeeds_at_once(handler: Handler, content: bytes) -> None:
    bench = Bench(handler)
    prefix = bench.drop("rows.csv", content)
    assert bench.queue.bodies == []
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 0


def test_results_are_never_taken_for_drops(handler: Handler) -> None:
    bench = Bench(handler)
    with pytest.raises(SettingsError, match="another bucket"):
        bench.planner.plan(Drop(Location("results", "a.csv"), 10))
    assert bench.result_keys() == []


def test_a_deleted_source_fails_the_message_and_a_deleted_drop_is_refused(handler: Handler) -> None:
    bench = Bench(handler)
    bench.drop("rows.csv", f"{HEADER}\n{LINE}".encode())
    del bench.store.objects["drops", "rows.csv"]
    with pytest.raises(Gone):
        bench.work()
    prefix = bench.planner.plan(Drop(Location("drops", "other.csv", etag="e"), 10))
    assert "deleted or overwritten" in bench.body(prefix + "_REFUSED").decode()


def test_a_job_of_another_bundle_is_not_scored(handler: Handler, tmp_path: Path) -> None:
    bench = Bench(handler)
    bench.drop("rows.csv", f"{HEADER}\n{LINE}".encode())
    other = Handler.load(build("iris", tmp_path, version="2"), Settings({}))
    bench.scorer = Scorer(other, bench.store, bench.queue, bench.ledger, "results")
    with pytest.raises(BundleError, match="another bundle"):
        bench.work()


def test_the_handler_scores_files_in_memory(handler: Handler) -> None:
    results = list(handler.score(f"{HEADER}\n{LINE}\n1,2".encode(), "text/csv; charset=utf-8"))
    assert [result.error is None for result in results] == [True, False]


def test_a_cancelled_job_gets_no_further_part_and_no_marker(handler: Handler) -> None:
    bench = Bench(handler, chunk_bytes=60)
    prefix = bench.drop("rows.csv", "\n".join([HEADER, *[LINE] * 9]).encode())
    first, *_ = tasks = [Task.from_json(body) for body in bench.queue.bodies]
    bench.scorer.score(first)
    [job] = bench.ledger.unfinished()
    bench.ledger.move(job.job, (Status.OPEN,), Status.CANCELLED)
    chunks = [bench.scorer.score(task) for task in tasks]
    assert all(chunk.cancelled for chunk in chunks)
    assert [key for key in bench.result_keys() if "part-" in key] == [prefix + "part-00000.csv"]
    assert prefix + "_SUCCESS" not in bench.result_keys()
    bench.queue.bodies = []
    bench.drop("rows.csv", "\n".join([HEADER, *[LINE] * 9]).encode())
    assert bench.queue.bodies == []


def test_a_worker_that_dies_before_the_marker_is_followed_by_one_that_writes_it(handler: Handler) -> None:
    bench = Bench(handler)
    prefix = bench.drop("rows.csv", f"{HEADER}\n{LINE}".encode())
    [job] = bench.ledger.unfinished()
    bench.ledger.move(job.job, (Status.OPEN,), Status.CLOSING)
    [chunk] = bench.work()
    assert chunk.finished
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 1
    assert bench.ledger.status(job.job) is Status.DONE


def test_only_the_last_chunk_finishes_the_job(handler: Handler) -> None:
    bench = Bench(handler, chunk_bytes=60)
    bench.drop("rows.csv", "\n".join([HEADER, *[LINE] * 9]).encode())
    chunks = bench.work()
    assert [chunk.finished for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
