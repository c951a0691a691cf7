"""What one operation costs, counted in comparisons and entries rather than in time, which is noisy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.queues.requests import Receive
from local_emulator.aws.queues.schedule import Schedule
from tests.local_emulator.aws.queues.world import World, counts, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.queues.queue import StandardQueue


def cycle(queue: StandardQueue) -> None:
    send(queue, "x")
    received = queue.receive(Receive(10, visibility_s=60))
    queue.change_visibility(received[0].receipt_handle, 120)
    queue.change_visibility(received[1].receipt_handle, 0)
    for each in received:
        queue.delete(each.receipt_handle)
    send(queue, *"123456789")
    queue.counts()


def lines_run(action: Callable[[], None]) -> int:
    """Count the lines of Python that an action runs: a walk over the queue would show."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> Callable[..., object]:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def test_an_operation_at_depth_100_000_does_the_work_of_one_at_depth_100() -> None:
    def cost(depth: int) -> float:
        world = World()
        queue = world.queue()
        for _ in range(depth):
            send(queue, "x")
        assert counts(queue) == (depth, 0, 0)
        return lines_run(lambda: [cycle(queue) for _ in range(20)] and None) / 20

    shallow, deep = cost(100), cost(100_000)
    assert deep < shallow * 1.5, f"{shallow:.0f} lines a cycle at depth 100, {deep:.0f} at depth 100,000"


def test_counts_are_exact_at_depth_100_000() -> None:
    world = World()
    queue = world.queue(visibility_timeout_s=100)
    for _ in range(100_000):
        send(queue, "x")
    for _ in range(3_000):
        queue.receive(Receive(10))
    send(queue, *"abcde", delay_s=50)
    assert counts(queue) == (70_000, 30_000, 5)
    world.clock.advance(50)
    assert counts(queue) == (70_005, 30_000, 0)
    world.clock.advance(50)
    assert counts(queue) == (100_005, 0, 0)


def test_a_schedule_does_not_grow_by_what_is_taken_out() -> None:
    schedule: Schedule[int] = Schedule()
    for number in range(50_000):
        schedule.put(number, number)
        schedule.discard(number)
    schedule.put(-1, 5)
    assert schedule.entries < 200
    assert schedule.first() == (5, -1)


@pytest.mark.parametrize("moves", [1, 5_000])
def test_a_schedule_gives_a_moved_key_once_at_its_last_time(moves: int) -> None:
    schedule: Schedule[str] = Schedule()
    for number in range(moves):
        schedule.put("a", 100 + number)
    schedule.put("b", 1)
    assert list(schedule.pop_due(100 + moves - 2)) == (["b"])
    assert list(schedule.pop_due(100 + moves)) == ["a"]
    assert len(schedule) == 0
