from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.queues.errors import InvalidQueueParameter, MoveTaskNotFound
from local_emulator.aws.queues.moves import MoveTasks
from local_emulator.aws.queues.requests import Receive
from tests.local_emulator.aws.queues.world import World, bodies, counts, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def tasks(world: World) -> Iterator[MoveTasks]:
    made = MoveTasks(world.queues.get, world.clock)
    yield made
    made.close()


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def fill(world: World) -> None:
    """Bury a, b of one queue and c of another."""
    dead = world.queue("dead")
    for name, texts in (("one", "ab"), ("two", "c")):
        source = world.queue(name)
        world.redrive(source, dead, 1)
        send(source, *texts)
        bodies(source, visibility_s=0)
        bodies(source)
    assert counts(dead) == (3, 0, 0)


def test_messages_go_back_to_where_they_came_from_as_new_ones(world: World, tasks: MoveTasks) -> None:
    fill(world)
    one, two, dead = (world.queues[f"arn:aws:sqs:us-east-1:123456789012:{n}"] for n in ("one", "two", "dead"))
    world.clock.advance(100)
    task = tasks.start(dead, None, None)
    eventually(lambda: task.status == "COMPLETED")
    assert (task.moved, task.to_move) == (3, 3)
    assert counts(dead) == (0, 0, 0)
    assert bodies(two) == ["c"]
    first = one.receive(Receive(10))[0]
    assert first.content.sent_ms == int(world.clock.now() * 1000)
    assert first.receive_count == 1
    assert first.content.dead_letter_source is None


def test_a_destination_and_a_rate(world: World, tasks: MoveTasks) -> None:
    fill(world)
    dead, other = world.queues["arn:aws:sqs:us-east-1:123456789012:dead"], world.queue("other")
    task = tasks.start(dead, other.arn, 1)
    eventually(lambda: task.moved == 1)
    time.sleep(0.03)
    assert task.moved == 1
    with pytest.raises(InvalidQueueParameter, match="Only one active task"):
        tasks.start(dead, other.arn, None)
    world.clock.advance(1)
    eventually(lambda: task.moved == 2)
    assert tasks.cancel(task.handle) is task
    eventually(lambda: task.status == "CANCELLED")
    assert counts(other) == (2, 0, 0)
    assert counts(dead) == (1, 0, 0)
    with pytest.raises(MoveTaskNotFound):
        tasks.cancel(task.handle)
    assert tasks.list(dead.arn) == [task]


def test_a_message_without_a_source_stops_the_task_and_stays(world: World, tasks: MoveTasks) -> None:
    dead = world.queue("dead")
    send(dead, "sent here by hand")
    task = tasks.start(dead, None, None)
    eventually(lambda: task.status == "FAILED")
    assert task.failure_reason == "CouldNotDetermineMessageSource"
    assert bodies(dead) == ["sent here by hand"]


def test_a_message_too_big_for_the_destination_stays(world: World, tasks: MoveTasks) -> None:
    dead, small = world.queue("dead"), world.queue("small", maximum_message_bytes=1024)
    send(dead, "x" * 2000)
    task = tasks.start(dead, small.arn, None)
    eventually(lambda: task.status == "FAILED")
    assert "shorter than 1024" in task.failure_reason
    assert counts(dead) == (1, 0, 0)
    assert counts(small) == (0, 0, 0)


def test_close_ends_a_waiting_task(world: World, tasks: MoveTasks) -> None:
    fill(world)
    dead, other = world.queues["arn:aws:sqs:us-east-1:123456789012:dead"], world.queue("other")
    task = tasks.start(dead, other.arn, 1)
    eventually(lambda: task.moved == 1)
    tasks.close()
    assert task.status == "CANCELLED"
