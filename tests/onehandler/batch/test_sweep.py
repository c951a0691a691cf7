"""Whatever was lost, a sweep goes on with it."""

from __future__ import annotations

import json

from onehandler.batch.ports import Counts, Location, Status
from onehandler.handler import Handler
from tests.onehandler.batch.bench import HEADER, LINE, Bench

CONTENT = "\n".join([HEADER, *[LINE] * 9]).encode()
QUOTED = "\n".join([HEADER, *[LINE.replace("7", '"7\n"', 1)] * 9]).encode()


def _swept(bench: Bench) -> list[str]:
    return [mended.how for mended in bench.sweeper.sweep()]


def test_a_job_whose_marker_was_lost_is_finished(handler: Handler) -> None:
    bench = Bench(handler, 60)
    prefix = bench.drop("a.csv", CONTENT)
    bench.work()
    for status in (Status.OPEN, Status.CLOSING):
        del bench.store.objects["results", prefix + "_SUCCESS"]
        [entry] = bench.ledger.entries.values()
        entry.status = status
        assert _swept(bench) == ["finished"]
        assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 9
        assert _swept(bench) == []


def test_chunks_whose_messages_were_lost_are_sent_again_once_nothing_moves(handler: Handler) -> None:
    bench = Bench(handler, 60)
    prefix = bench.drop("a.csv", CONTENT)
    bench.queue.bodies = bench.queue.bodies[:2]
    bench.work()
    assert _swept(bench) == []  # seen for the first time
    bench.now += 99
    assert _swept(bench) == []
    bench.now += 2
    assert _swept(bench) == ["sent again"]
    bench.work()
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 9


def test_a_job_that_moves_is_left_alone(handler: Handler) -> None:
    bench = Bench(handler, 20)
    bench.drop("a.csv", CONTENT)
    [job] = bench.ledger.unfinished()
    for chunk in range(4):
        bench.ledger.complete(job.job, chunk, job.chunks, Counts(1))
        bench.now += 99
        assert _swept(bench) == []


def test_a_job_that_never_moves_is_given_up_after_three_times(handler: Handler) -> None:
    bench = Bench(handler, 60)
    bench.drop("a.csv", CONTENT)
    told = []
    for _ in range(6):
        told += _swept(bench)
        bench.now += 101
    assert told == ["sent again"] * 3 + ["given up"] * 2
    assert [job.chunks for job in bench.ledger.unfinished()]


def test_a_job_whose_results_were_deleted_is_closed(handler: Handler) -> None:
    bench = Bench(handler, 60)
    prefix = bench.drop("a.csv", CONTENT)
    del bench.store.objects["results", prefix + "manifest.json"]
    assert _swept(bench) == ["closed"]
    assert list(bench.ledger.unfinished()) == []


def test_counting_is_gone_on_with_before_scoring(handler: Handler) -> None:
    bench = Bench(handler, 60)
    prefix = bench.drop("a.csv", QUOTED)
    lost = bench.queue.bodies.pop()
    bench.work()
    assert _swept(bench) == []
    bench.now += 101
    assert _swept(bench) == ["sent again"]
    assert bench.queue.bodies == [lost]
    bench.work()
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 9


def test_counts_that_nobody_concluded_are(handler: Handler) -> None:
    bench = Bench(handler, 60)
    prefix = bench.drop("a.csv", QUOTED)
    [counting] = [job for job in bench.ledger.unfinished() if ":" in job.job]
    tasks, bench.queue.bodies = bench.queue.bodies, []
    for chunk, _ in enumerate(tasks):
        text = QUOTED[len(HEADER) + 1 :][chunk * 60 : (chunk + 1) * 60]
        where = Location("results", f"{prefix}quotes/{chunk:05d}")
        bench.store.create(where, str(text.count(b'"')).encode(), "text/plain")
        bench.ledger.complete(counting.job, chunk, counting.chunks, Counts())
    assert "counted" in _swept(bench)
    bench.work()
    assert json.loads(bench.body(prefix + "_SUCCESS"))["rows"] == 9
