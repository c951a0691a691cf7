import json

import pytest

from onehandler.batch.job import Drop
from onehandler.batch.options import METADATA, Options
from onehandler.batch.ports import Location
from onehandler.errors import InvalidInput
from onehandler.handler import Handler
from tests.onehandler.batch.bench import HEADER, LINE, Bench

CONTENT = "\n".join([HEADER, *[LINE.replace("7", f"00{number}", 1) for number in range(12)]]).encode()


def test_options_go_through_metadata() -> None:
    for options in (
        Options(),
        Options("jsonl", ("id", "né"), single=True, quoted_newlines=False),
        Options(quoted_newlines=True),
    ):
        told = options.told()
        assert Options.read({METADATA: told} if told else {"other": "x"}) == options
    assert Options().told() == ""
    assert Options(carry=("é",)).told().isascii()


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object of carry, output, quoted_newlines, single"),
        ('{"colour": 1}', "must be an object of"),
        ('{"output": "xlsx"}', "onehandler.output: must be one of csv, jsonl, npy, parquet"),
        ('{"carry": "id"}', "onehandler.carry: must be an array"),
        ('{"carry": ["id", "id"]}', "all different"),
        ('{"carry": [1]}', "column names"),
        ('{"single": 1}', "true or false"),
        ('{"quoted_newlines": "yes"}', "true, false or null"),
    ],
)
def test_other_metadata_is_refused(handler: Handler, metadata: str, told: str) -> None:
    with pytest.raises(InvalidInput, match="metadata onehandler"):
        Options.read({METADATA: metadata})
    bench = Bench(handler)
    bench.store.create(Location("drops", "a.csv", "v1"), CONTENT, "text/csv", {METADATA: metadata})
    prefix = bench.planner.plan(Drop(Location("drops", "a.csv", "v1"), len(CONTENT)))
    assert told in bench.refused(prefix)


def test_other_options_are_another_job() -> None:
    drop = Drop(Location("drops", "a.csv", "v1"), 3)
    jobs = [drop.job_id("d", Options(*each)) for each in ((), ("jsonl",), (None, ("id",)), (None, (), True))]
    assert len(set(jobs)) == 4
    assert drop.job_id("d") == jobs[0]


@pytest.mark.parametrize("output", ["csv", "jsonl"])
def test_columns_are_carried_into_the_results(handler: Handler, output: str) -> None:
    bench = Bench(handler, chunk_bytes=50)
    bad = b"\nbad-1,oops,1,2,3\nshort,1"
    prefix = bench.drop("a.csv", CONTENT + bad, carry=["id"], output=output)
    bench.work()
    if output == "csv":
        ids = [row["id"] for row in bench.rows(prefix)]
    else:
        lines = [json.loads(line) for part in bench.parts(prefix) for line in part.splitlines()]
        ids = [line["carried"]["id"] or "" for line in lines]
    assert ids == [*(f"00{number}" for number in range(12)), "bad-1", ""]


def test_json_rows_may_have_names_that_are_only_carried(handler: Handler) -> None:
    bench = Bench(handler)
    columns = handler.signature.inputs[0].columns
    row = dict.fromkeys(columns, 1.5)
    lines = [json.dumps(each) for each in ({**row, "id": {"a": 1}}, row, {**row, "other": 1}, [1.0, 2, 3, 4])]
    prefix = bench.drop("a.jsonl", "\n".join(lines).encode(), carry=["id", columns[0]])
    bench.work()
    found = [json.loads(line) for line in bench.parts(prefix)[0].splitlines()]
    assert [line["carried"]["id"] for line in found] == [{"a": 1}, None, None, None]
    assert [line["carried"][columns[0]] for line in found] == [1.5, 1.5, 1.5, 1.0]
    assert ["error" in line for line in found] == [False, False, True, False]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"carry": ["nothing"]}, "lacks 1 of the columns to be carried: 'nothing'"),
        ({"output": "npy", "carry": ["id"]}, "nothing can be carried"),
        ({"output": "parquet", "single": True}, "parquet results cannot be joined"),
    ],
)
def test_what_cannot_be_done_is_refused(handler: Handler, options: dict[str, object], told: str) -> None:
    bench = Bench(handler)
    assert told in bench.refused(bench.drop("a.csv", CONTENT, **options))


def test_a_column_is_not_carried_over_one_of_the_results(handler: Handler) -> None:
    bench = Bench(handler)
    content = CONTENT.replace(b"id,", b"row,", 1)
    assert "column 'row' of their own" in bench.refused(bench.drop("a.csv", content, carry=["row"]))


@pytest.mark.parametrize("output", ["csv", "jsonl"])
@pytest.mark.parametrize("content", [CONTENT, HEADER.encode() + b"\n"])
def test_one_file_of_all_results(handler: Handler, output: str, content: bytes) -> None:
    bench = Bench(handler, chunk_bytes=50)
    prefix = bench.drop("a.csv", content, output=output, single=True)
    bench.work()
    parts = bench.parts(prefix)
    cut = 1 if output == "csv" else 0
    lines = [line for part in parts for line in part.splitlines()[cut:]]
    found = bench.body(f"{prefix}results.{output}").splitlines()
    assert found[cut if parts else 0 :] == lines
    assert len(lines) == (12 if content == CONTENT else 0)
    assert prefix + "_SUCCESS" in bench.result_keys()
