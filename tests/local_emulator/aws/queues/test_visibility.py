from __future__ import annotations

import pytest

from local_emulator.aws.queues.errors import (
    InFlightLimitReached,
    InvalidQueueParameter,
    MalformedReceiptHandle,
    MessageNotInFlight,
    QueueGone,
)
from local_emulator.aws.queues.requests import Receive
from tests.local_emulator.aws.queues.world import World, bodies, counts, send


def test_messages_come_in_order_and_hide_for_the_queues_timeout() -> None:
    world = World()
    queue = world.queue(visibility_timeout_s=30)
    send(queue, "a", "b", "c")
    assert bodies(queue, 2) == ["a", "b"]
    assert counts(queue) == (1, 2, 0)
    assert bodies(queue) == ["c"]
    world.clock.advance(29.9)
    assert bodies(queue) == []
    world.clock.advance(0.2)
    assert counts(queue) == (3, 0, 0)
    assert bodies(queue) == ["a", "b", "c"]


def test_delay_of_the_message_wins_over_the_queues() -> None:
    world = World()
    queue = world.queue(delay_s=10)
    send(queue, "queue's")
    send(queue, "own", delay_s=0)
    send(queue, "longest", delay_s=900)
    assert counts(queue) == (1, 0, 2)
    assert bodies(queue, visibility_s=1000) == ["own"]
    world.clock.advance(10)
    assert bodies(queue, visibility_s=1000) == ["queue's"]
    world.clock.advance(890)
    assert bodies(queue) == ["longest"]
    with pytest.raises(InvalidQueueParameter, match="DelaySeconds must be >= 0 and <= 900"):
        send(queue, "too long", delay_s=901)


def test_receive_count_and_first_receive_time() -> None:
    world = World()
    queue = world.queue()
    sent_ms = int(world.clock.now() * 1000)
    send(queue, "a")
    world.clock.advance(5)
    first = queue.receive(Receive(visibility_s=0))[0]
    world.clock.advance(5)
    second = queue.receive(Receive())[0]
    assert (first.receive_count, second.receive_count) == (1, 2)
    assert first.receipt_handle != second.receipt_handle
    assert second.first_received_ms == sent_ms + 5000
    assert second.system_attributes() == {
        "ApproximateReceiveCount": "2",
        "ApproximateFirstReceiveTimestamp": str(sent_ms + 5000),
        "SentTimestamp": str(sent_ms),
        "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
    }


def test_visibility_zero_shows_a_message_at_once_and_its_old_receipt_deletes_nothing() -> None:
    world = World()
    queue = world.queue()
    send(queue, "a")
    first = queue.receive(Receive())[0]
    queue.change_visibility(first.receipt_handle, 0)
    assert counts(queue) == (1, 0, 0)
    second = queue.receive(Receive())[0]
    queue.delete(first.receipt_handle)
    assert counts(queue) == (0, 1, 0)
    queue.delete(second.receipt_handle)
    assert counts(queue) == (0, 0, 0)
    queue.delete(second.receipt_handle)  # twice is once


def test_an_expired_receipt_still_deletes_while_it_is_the_newest() -> None:
    world = World()
    queue = world.queue(visibility_timeout_s=1)
    send(queue, "a")
    receipt = queue.receive(Receive())[0].receipt_handle
    world.clock.advance(2)
    assert counts(queue) == (1, 0, 0)
    queue.delete(receipt)
    assert counts(queue) == (0, 0, 0)
    assert bodies(queue) == []


def test_visibility_can_be_made_longer_and_shorter_up_to_twelve_hours_in_all() -> None:
    world = World()
    queue = world.queue(visibility_timeout_s=10)
    send(queue, "a")
    receipt = queue.receive(Receive())[0].receipt_handle
    queue.change_visibility(receipt, 100)
    world.clock.advance(50)
    assert bodies(queue) == []
    queue.change_visibility(receipt, 5)
    world.clock.advance(4)
    with pytest.raises(InvalidQueueParameter, match=r"beyond the limit \[43200 seconds\]"):
        queue.change_visibility(receipt, 43_200)
    world.clock.advance(1)
    with pytest.raises(MessageNotInFlight):
        queue.change_visibility(receipt, 5)
    assert bodies(queue) == ["a"]
    with pytest.raises(InvalidQueueParameter, match="Message does not exist or is not available"):
        queue.change_visibility(receipt, 5)


def test_handles_of_nobody_and_of_another_queue_are_refused() -> None:
    world = World()
    queue, other = world.queue("q"), world.queue("other")
    send(other, "a")
    foreign = other.receive(Receive())[0].receipt_handle
    for handle in ("nonsense", "", "bm8=", foreign):
        with pytest.raises(MalformedReceiptHandle):
            queue.delete(handle)
        with pytest.raises(MalformedReceiptHandle):
            queue.change_visibility(handle, 1)


def test_retention_deletes_what_is_too_old_in_every_state() -> None:
    world = World()
    queue = world.queue(retention_s=60, visibility_timeout_s=1000)
    send(queue, "in flight", "ready")
    send(queue, "delayed", delay_s=100)
    bodies(queue, 1)
    assert counts(queue) == (1, 1, 1)
    world.clock.advance(59)
    send(queue, "young")
    world.clock.advance(1)
    assert counts(queue) == (1, 0, 0)
    assert bodies(queue) == ["young"]


def test_in_flight_limit_is_an_error_for_short_polls_and_emptiness_for_long_ones() -> None:
    world = World()
    queue = world.queue(most_in_flight=3)
    send(queue, *"abcde")
    assert bodies(queue) == ["a", "b", "c"]
    with pytest.raises(InFlightLimitReached):
        queue.receive(Receive())
    assert queue.receive(Receive(wait_s=1, given_up=lambda: True)) == []
    assert counts(queue) == (2, 3, 0)


def test_purge_and_close() -> None:
    world = World()
    queue = world.queue()
    send(queue, "a", "b")
    send(queue, "c", delay_s=5)
    bodies(queue, 1)
    queue.purge()
    assert counts(queue) == (0, 0, 0)
    world.clock.advance(1000)
    assert bodies(queue) == []
    queue.close()
    with pytest.raises(QueueGone):
        send(queue, "d")
    with pytest.raises(QueueGone):
        queue.receive(Receive())
