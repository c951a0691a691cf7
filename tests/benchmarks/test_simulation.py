"""The simulation of batch jobs: what can be worked out by hand, and that no chunk is lost or done twice."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

import pytest

from benchmarks.simulation.case import Case
from benchmarks.simulation.job import simulate
from benchmarks.simulation.limits import UNLIMITED, Limits, RateLimit
from benchmarks.simulation.loop import Loop
from benchmarks.simulation.prices import dollars
from benchmarks.simulation.services import item_units
from benchmarks.simulation.times import Times

if TYPE_CHECKING:
    from benchmarks.simulation.loop import Process

# A thousand chunks of a second each, if nothing but the scoring took time.
CHUNKS = 1000
TIMES = Times(
    rows_per_second=5000,
    client_call=0,
    init=0,
    placement=0,
    s3_call=0,
    s3_bytes=1e18,
    dynamodb_call=0,
    sqs_call=0,
    notified=0,
    spread=0,
)
PLAIN = Case(CHUNKS * 5000, TIMES, UNLIMITED, chunk_bytes=1_000_000)
REAL = replace(PLAIN, times=Times(rows_per_second=5000), limits=Limits())


def test_processes_run_in_the_order_of_their_times() -> None:
    seen: list[tuple[str, float]] = []
    loop = Loop()

    def process(name: str, *waits: float) -> Process:
        for wait in waits:
            yield wait
            seen.append((name, loop.now))

    loop.start(process("a", 2, 2))
    loop.start(process("b", 1, 1, 1))
    loop.run()
    assert seen == [("b", 1), ("a", 2), ("b", 2), ("b", 3), ("a", 4)]


def test_a_rate_limit_gives_what_a_second_has_and_no_more() -> None:
    limit = RateLimit(10)
    assert [limit.take(0, 5), limit.take(0, 5), limit.take(0, 1)] == [True, True, False]
    assert limit.take(0.1, 1)
    assert not limit.take(0.1, 1)
    assert [limit.take(100, 10), limit.take(100, 1)] == [True, False]


def test_all_chunks_at_once_take_as_long_as_one() -> None:
    assert simulate(PLAIN).seconds == pytest.approx(1)


@pytest.mark.parametrize("most", [1, 7, 50, 1000])
def test_with_so_many_at_once_it_takes_so_many_rounds(most: int) -> None:
    found = simulate(replace(PLAIN, limits=replace(UNLIMITED, first_invokes=most, maximum_concurrency=most)))
    assert found.seconds == pytest.approx(ceil(CHUNKS / most))
    assert found.tally.peak_running == found.tally.cold_starts == most
    assert found.tally.score_seconds == pytest.approx(CHUNKS)


def test_the_ramp_adds_instances_as_a_straight_line() -> None:
    found = simulate(replace(PLAIN, limits=replace(UNLIMITED, first_invokes=1, ramp=1.0)))
    # In second n there are n + 1 instances, and as many chunks are begun: 44 * 45 / 2 = 990.
    assert found.seconds == pytest.approx(45)
    assert found.tally.peak_running == 44 + 1


def test_a_slow_planner_is_what_everybody_waits_for() -> None:
    found = simulate(replace(PLAIN, times=replace(TIMES, sqs_call=0.5)))
    assert found.seconds == pytest.approx(CHUNKS / 10 * 0.5 + 1)
    name, share = found.held_up_by
    assert name == "plan"
    assert share == pytest.approx(50 / 51)


def test_the_ledger_lets_through_what_its_partition_takes() -> None:
    limits = replace(UNLIMITED, ledger_writes=40.0, first_invokes=50, maximum_concurrency=50)
    found = simulate(replace(PLAIN, limits=limits))
    units = sum(item_units(chunks + 1, CHUNKS) for chunks in range(CHUNKS))
    assert found.tally.write_units == units + 1  # the job's own item
    assert found.seconds is not None
    assert found.seconds >= (units - 40) / 40  # one second's units were saved up
    assert found.tally.throttled["ledger"] > 0
    assert found.entered == CHUNKS


def test_an_item_that_fills_costs_more_and_stays_within_what_the_adapter_says() -> None:
    units = [item_units(chunks, 10**6) for chunks in range(1, 1001)]
    assert units[0] == 1
    assert all(before <= after for before, after in pairwise(units))
    assert (
        item_units(1000, 99_999) == 5
    )  # 1,000 numbers of five digits, 4 bytes each, and the rest of the item
    assert units[-1] <= 8  # adapters/dynamodb.py


def test_what_s3_refuses_is_asked_again() -> None:
    found = simulate(replace(PLAIN, limits=replace(UNLIMITED, s3_writes=100.0)))
    assert found.tally.throttled["S3"] > 0
    assert found.tally.s3_writes == found.written == CHUNKS


def test_an_account_with_less_concurrency_throttles_but_finishes() -> None:
    limits = replace(UNLIMITED, account_concurrency=100)
    found = simulate(replace(PLAIN, limits=limits))
    assert found.tally.peak_running == 100
    assert found.tally.throttled["account's concurrency"] > 0
    assert found.tally.redelivered == 0
    assert found.entered == CHUNKS


@pytest.mark.parametrize("seed", range(5))
def test_every_chunk_is_done_exactly_once_whatever_dies(seed: int) -> None:
    found = simulate(replace(REAL, failures=0.05, duplicates=0.3, seed=seed))
    assert found.seconds is not None
    assert found.written == found.tally.parts == found.entered == CHUNKS
    assert found.tally.s3_writes > CHUNKS  # of which the store refused some
    assert found.tally.dead_letters == 0
    assert found.tally.repeated > 0
    # Whatever else was begun was a second delivery, or one of a message that came back.
    assert found.tally.attempts == found.tally.receives
    assert found.tally.attempts >= CHUNKS + found.tally.redelivered
    assert found.seconds >= 1800  # the first death is not noticed earlier


def test_every_message_is_deleted_once_if_nothing_goes_wrong() -> None:
    tally = simulate(REAL).tally
    assert tally.receives == tally.attempts == tally.deletes == CHUNKS
    assert tally.sends == CHUNKS // 10
    assert tally.redelivered == tally.repeated == tally.dead_letters == 0


def test_a_job_that_always_fails_ends_in_dead_letters_after_three_sweeps() -> None:
    found = simulate(replace(REAL, rows=50_000, limits=replace(Limits(), ledger_writes=0.0)))
    assert found.seconds is None
    assert found.tally.sweeps == 3
    assert found.tally.attempts == found.tally.receives
    assert found.tally.deletes == 0
    assert found.tally.dead_letters * 5 == found.tally.attempts


def test_a_plan_without_time_is_cut_short_and_the_sweep_sends_the_rest() -> None:
    limits = replace(Limits(), plan_timeout=0.3)  # 0.3 s: nine batches an invocation
    found = simulate(replace(REAL, limits=limits))
    assert found.tally.plan_given_up
    assert found.tally.plans == 5
    assert found.tally.sweeps == 1
    assert found.entered == CHUNKS
    assert found.seconds is not None
    assert found.seconds >= 3600


def test_in_flight_messages_are_no_more_than_sqs_allows() -> None:
    limits = replace(UNLIMITED, in_flight=30)
    assert simulate(replace(PLAIN, limits=limits)).tally.peak_in_flight == 30


def test_the_same_seed_is_the_same_job() -> None:
    case = replace(REAL, failures=0.01, duplicates=0.01)
    assert simulate(case) == simulate(case)
    assert simulate(case) != simulate(replace(case, seed=2))


def test_dollars_of_a_job_worked_out_by_hand() -> None:
    tally = simulate(
        replace(PLAIN, limits=replace(UNLIMITED, maximum_concurrency=10, first_invokes=10))
    ).tally
    found = dollars(tally, 512, 1024)
    assert found["Lambda"] == pytest.approx(1000 * 0.0000133334 + 1001 * 0.2e-6)
    assert found["SQS"] == pytest.approx((100 + 1000 + 1000) * 0.4e-6)
    assert found["S3"] == pytest.approx(1000 * 5e-6 + 1000 * (2 + 2) * 0.4e-6)
    assert found["DynamoDB"] == pytest.approx(tally.write_units * 0.625e-6 + 1000 * 0.125e-6)
