from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from local_emulator.aws.clock import SystemClock
from local_emulator.aws.queues.errors import QueueGone
from local_emulator.aws.queues.messages import Draft
from local_emulator.aws.queues.queue import StandardQueue
from local_emulator.aws.queues.requests import Receive
from local_emulator.aws.queues.settings import QueueSettings
from tests.local_emulator.aws.queues.world import World, bodies, counts, send


def test_a_long_poll_ends_with_the_first_message() -> None:
    queue = StandardQueue("arn:q", QueueSettings, SystemClock(), lambda arn: None)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.receive, Receive(10, wait_s=20))
        time.sleep(0.05)
        assert not waiting.done()
        began = time.monotonic()
        send(queue, "a")
        assert [r.content.draft.body for r in waiting.result(5)] == ["a"]
        assert time.monotonic() - began < 2


def test_a_long_poll_sees_what_becomes_visible_by_time_alone() -> None:
    world = World()
    queue = world.queue(visibility_timeout_s=30)
    send(queue, "hidden")
    bodies(queue)
    send(queue, "delayed", delay_s=10)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.receive, Receive(10, wait_s=15))
        time.sleep(0.03)
        world.clock.advance(10)
        assert [r.content.draft.body for r in waiting.result(5)] == ["delayed"]
        waiting = pool.submit(queue.receive, Receive(10, wait_s=15))
        time.sleep(0.03)
        assert not waiting.done()
        world.clock.advance(15)
        assert waiting.result(5) == []


def test_giving_up_and_deletion_end_a_long_poll() -> None:
    world = World()
    queue = world.queue()
    given_up = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        patient = pool.submit(queue.receive, Receive(wait_s=20))
        hasty = pool.submit(queue.receive, Receive(wait_s=20, given_up=given_up.is_set))
        time.sleep(0.03)
        given_up.set()
        queue.wake()
        assert hasty.result(5) == []
        assert not patient.done()
        queue.close()
        with pytest.raises(QueueGone):
            patient.result(5)


def test_many_threads_lose_and_double_nothing() -> None:
    queue = StandardQueue("arn:q", QueueSettings, SystemClock(), lambda arn: None)
    total, seen, lock = 2_000, [], threading.Lock()

    def produce(worker: int) -> None:
        for number in range(total // 4):
            queue.send(Draft(f"{worker}-{number}"))

    def consume() -> None:
        while found := queue.receive(Receive(10, wait_s=1)):
            for received in found:
                queue.delete(received.receipt_handle)
            with lock:
                seen.extend(received.content.draft.body for received in found)

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(produce, worker) for worker in range(4)]
        work += [pool.submit(consume) for _ in range(4)]
        for each in work:
            each.result(60)
    assert len(seen) == total
    assert len(set(seen)) == total
    assert counts(queue) == (0, 0, 0)
