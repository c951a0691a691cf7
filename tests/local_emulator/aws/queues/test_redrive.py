from __future__ import annotations

from local_emulator.aws.queues.requests import Receive
from tests.local_emulator.aws.queues.world import World, bodies, counts, send


def test_a_message_received_too_often_goes_to_the_dead_letter_queue_with_its_history() -> None:
    world = World()
    queue, dead = world.queue("q", visibility_timeout_s=1), world.queue("dead")
    world.redrive(queue, dead, 2)
    sent_ms = int(world.clock.now() * 1000)
    (message_id,) = send(queue, "poison")
    for _ in range(2):
        assert bodies(queue) == ["poison"]
        world.clock.advance(2)
    assert counts(dead) == (0, 0, 0)
    assert bodies(queue) == []
    (buried,) = dead.receive(Receive())
    assert buried.content.message_id == message_id
    assert buried.system_attributes() == {
        "ApproximateReceiveCount": "3",
        "ApproximateFirstReceiveTimestamp": str(sent_ms),
        "SentTimestamp": str(sent_ms),
        "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
        "DeadLetterQueueSourceArn": queue.arn,
    }
    assert counts(queue) == (0, 0, 0)


def test_retention_in_the_dead_letter_queue_counts_from_sending() -> None:
    world = World()
    queue, dead = world.queue("q", visibility_timeout_s=0), world.queue("dead", retention_s=100)
    world.redrive(queue, dead, 1)
    send(queue, "a")
    bodies(queue)
    world.clock.advance(90)
    bodies(queue)
    assert counts(dead) == (1, 0, 0)
    world.clock.advance(10)
    assert counts(dead) == (0, 0, 0)


def test_live_messages_behind_dead_ones_are_received_by_the_same_call() -> None:
    world = World()
    queue, dead = world.queue("q"), world.queue("dead")
    world.redrive(queue, dead, 1)
    send(queue, "a", "b")
    bodies(queue, visibility_s=0)
    send(queue, "c")
    assert bodies(queue) == ["c"]
    assert counts(dead) == (2, 0, 0)


def test_without_its_dead_letter_queue_a_queue_keeps_delivering() -> None:
    world = World()
    queue, dead = world.queue("q"), world.queue("dead")
    world.redrive(queue, dead, 1)
    send(queue, "a")
    del world.queues[dead.arn]
    for _ in range(3):
        assert bodies(queue, visibility_s=0) == ["a"]
