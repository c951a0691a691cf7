from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from local_emulator.aws.event_sources.filters import parse_filters
from local_emulator.aws.execution.contracts import Throttled
from tests.local_emulator.aws.event_sources.world import FUNCTION, QUEUE, failures
from tests.local_emulator.aws.front.fakes import outcome
from tests.local_emulator.aws.messaging.fakes import eventually, never

if TYPE_CHECKING:
    import pytest

    from local_emulator.aws.event_sources.mapping import MappingSettings
    from tests.local_emulator.aws.event_sources.world import World
    from tests.local_emulator.aws.messaging.fakes import Call


def test_a_batch_arrives_in_lambdas_shape_and_is_deleted(world: World) -> None:
    ids = world.send(["a", "b"])
    world.put()
    eventually(lambda: world.counts() == (0, 0) and world.runner.calls)
    (call,) = world.runner.calls
    first, second = call.event["Records"]
    assert [first["messageId"], second["messageId"]] == ids
    sent = first["attributes"]["SentTimestamp"]
    assert first == {
        "messageId": ids[0],
        "receiptHandle": first["receiptHandle"],
        "body": "a",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": sent,
            "SenderId": "AIDAIT2UOQQY3AUEKVGXU",
            "ApproximateFirstReceiveTimestamp": first["attributes"]["ApproximateFirstReceiveTimestamp"],
        },
        "messageAttributes": {},
        "md5OfBody": "0cc175b9c0f1b6a831c399e269772661",
        "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE,
        "awsRegion": "us-east-1",
    }
    assert call.invocation.invoked_arn == FUNCTION
    assert world.mappings.last_result("uuid") == "OK"


def test_batches_have_at_most_the_batch_size(world: World) -> None:
    world.send(range(25))
    world.put(batch_size=4)
    eventually(lambda: world.counts() == (0, 0))
    assert max(len(call.bodies) for call in world.runner.calls) == 4
    assert sorted(world.seen(), key=int) == [str(n) for n in range(25)]


def test_a_window_fills_a_batch_over_ten_and_ends_a_small_one(world: World) -> None:
    world.put(batch_size=25, window_s=1)
    began = time.monotonic()
    for start in range(0, 25, 5):
        world.send(range(start, start + 5))
        time.sleep(0.02)
    eventually(lambda: world.runner.calls)
    assert time.monotonic() - began < 0.9
    assert len(world.runner.calls[0].bodies) == 25
    world.send("x")
    never(lambda: len(world.runner.calls) > 1, 0.7)
    eventually(lambda: len(world.runner.calls) == 2, 2)


def test_a_payload_has_at_most_six_megabytes(world: World) -> None:
    world.send(["x" * 1_000_000] * 8)
    world.put(batch_size=100, window_s=1)
    eventually(lambda: world.counts() == (0, 0))
    sizes = [len(call.invocation.payload) for call in world.runner.calls]
    assert [len(call.bodies) for call in world.runner.calls] == [6, 2]
    assert max(sizes) <= 6_291_456


def test_function_errors_leave_messages_to_the_visibility_timeout(world: World) -> None:
    world.visibility_timeout_s = 2
    world.runner.script = lambda call: outcome({"errorMessage": "no"}, error="Unhandled")
    world.send("x")
    world.put()
    eventually(lambda: world.runner.calls)
    never(lambda: len(world.runner.calls) > 1, 0.7)
    assert world.mappings.last_result("uuid") == "PROBLEM: Function call failed"
    world.runner.script = lambda call: None
    eventually(lambda: len(world.runner.calls) == 2 and world.counts() == (0, 0))
    assert world.runner.calls[1].event["Records"][0]["attributes"]["ApproximateReceiveCount"] == "2"


def test_reported_messages_stay_and_the_others_go(world: World) -> None:
    ids = world.send(["good", "bad"])
    world.runner.script = lambda call: outcome(failures(ids[1]))
    world.put(response_types=("ReportBatchItemFailures",))
    eventually(lambda: world.counts() == (0, 1))
    never(lambda: world.counts() != (0, 1), 0.1)


def test_an_unusable_report_keeps_the_whole_batch(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.send(["a", "b"])
    world.runner.script = lambda call: outcome(failures("unknown"))
    world.put(response_types=("ReportBatchItemFailures",))
    eventually(lambda: world.mappings.last_result("uuid") == "PROBLEM: Function call failed")
    eventually(lambda: "'unknown' is no message of the batch" in caplog.text)
    assert world.counts() == (0, 2)


def test_without_report_a_list_of_failures_means_nothing(world: World) -> None:
    world.send("a")
    world.runner.script = lambda call: outcome(failures("unknown"))
    world.put()
    eventually(lambda: world.counts() == (0, 0))


def test_maximum_concurrency_is_reached_and_never_exceeded(world: World) -> None:
    world.runner.script = lambda call: time.sleep(0.02)
    world.send(range(60))
    world.put(batch_size=1, maximum_concurrency=3)
    eventually(lambda: world.counts() == (0, 0))
    assert world.runner.most_at_once == 3


def test_without_a_maximum_five_run_at_once(world: World) -> None:
    world.runner.script = lambda call: time.sleep(0.02)
    world.send(range(60))
    world.put(batch_size=1)
    eventually(lambda: world.counts() == (0, 0))
    assert world.runner.most_at_once == 5


def test_lowering_the_maximum_counts_what_is_running(world: World) -> None:
    gate = threading.Event()
    world.runner.script = lambda call: gate.wait(10) and None
    world.send(range(20))
    world.put(batch_size=1, maximum_concurrency=5)
    eventually(lambda: world.runner.running == 5)
    world.put(batch_size=1, maximum_concurrency=2)
    world.runner.script = lambda call: time.sleep(0.02)
    never(lambda: len(world.runner.calls) > 5, 0.2)
    gate.set()
    eventually(lambda: world.runner.running == 0)
    world.runner.most_at_once = 0
    world.send(range(20))
    eventually(lambda: world.counts() == (0, 0))
    assert world.runner.most_at_once <= 2


def test_extra_pollers_end_when_the_queue_is_empty(world: World) -> None:
    world.runner.script = lambda call: time.sleep(0.01)
    world.send(range(50))
    world.put(batch_size=1)

    def pollers() -> int:
        return sum(thread.name.startswith("sqs-poller") for thread in threading.enumerate())

    eventually(lambda: pollers() == 5)
    eventually(lambda: pollers() == 1, 5)
    world.send("x")
    eventually(lambda: world.counts() == (0, 0))


def test_a_throttled_batch_is_tried_again_with_one_receive_counted(world: World) -> None:
    throttles = iter([True, True])

    def script(call: Call) -> None:
        if next(throttles, False):
            raise Throttled

    world.runner.script = script
    world.send("x")
    world.put()
    eventually(lambda: len(world.runner.calls) == 3 and world.counts() == (0, 0))
    counts = [
        call.event["Records"][0]["attributes"]["ApproximateReceiveCount"] for call in world.runner.calls
    ]
    assert counts == ["1", "1", "1"]


def test_a_throttled_batch_is_dropped_when_its_messages_are_visible_again(world: World) -> None:
    world.visibility_timeout_s = 1

    def script(call: Call) -> None:
        if time.monotonic() < until:
            raise Throttled

    until = time.monotonic() + 1.2
    world.runner.script = script
    world.send("x")
    world.put()
    eventually(lambda: world.counts() == (0, 0))
    last = world.runner.calls[-1].event["Records"][0]["attributes"]["ApproximateReceiveCount"]
    assert int(last) >= 2


def test_a_throttled_mapping_makes_do_with_one_poller(world: World) -> None:
    free = threading.Semaphore(1)

    def script(call: Call) -> None:
        if not free.acquire(blocking=False):
            raise Throttled
        time.sleep(0.01)
        free.release()

    world.runner.script = script
    world.send(range(50))
    world.put(batch_size=1)
    began = time.monotonic()
    eventually(lambda: world.counts() == (0, 0))
    assert time.monotonic() - began < 4
    assert len(world.runner.calls) < 80, "throttled calls beyond the first are few"


def test_disabling_and_enabling_take_effect_at_once(world: World) -> None:
    world.put()
    time.sleep(0.05)
    world.put(enabled=False)
    world.send("x")
    never(lambda: world.runner.calls, 0.3)
    assert world.counts() == (1, 0)
    began = time.monotonic()
    world.put()
    eventually(lambda: world.counts() == (0, 0))
    assert time.monotonic() - began < 1


def test_removal_gives_a_half_full_batch_back(world: World) -> None:
    world.put(batch_size=100, window_s=60)
    world.send("ab")
    eventually(lambda: world.counts() == (0, 2))
    world.mappings.remove("uuid")
    eventually(lambda: world.counts() == (2, 0))
    never(lambda: world.runner.calls, 0.2)


def test_a_running_batch_is_finished_after_removal(world: World) -> None:
    gate = threading.Event()
    world.runner.script = lambda call: gate.wait(10) and None
    world.send("x")
    world.put()
    eventually(lambda: world.runner.running)
    world.mappings.remove("uuid")
    assert world.counts() == (0, 1)
    gate.set()
    eventually(lambda: world.counts() == (0, 0))


def test_messages_that_filters_hold_back_are_deleted(world: World) -> None:
    world.send(['{"kind": "a"}', '{"kind": "b"}', "no json"])
    filters = parse_filters({"Filters": [{"Pattern": '{"body": {"kind": ["b"]}}'}]})
    world.put(filters=filters)
    eventually(lambda: world.counts() == (0, 0) and world.runner.calls)
    assert world.seen() == ['{"kind": "b"}']


def test_a_missing_function_and_a_missing_queue_are_waited_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.visibility_timeout_s = 1
    del world.functions.functions["f", None]
    world.send("x")
    world.put()
    eventually(lambda: "no function" in caplog.text)
    assert world.mappings.last_result("uuid") == "PROBLEM: The Lambda function was not found"
    del world.queues[QUEUE]
    world.queue.wake()
    world.functions.add("f")
    world.queues[QUEUE] = world.queue
    eventually(lambda: world.counts() == (0, 0), 5)


def test_a_fault_of_the_runner_is_logged_and_polling_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.visibility_timeout_s = 1
    faults = iter([True])

    def script(call: Call) -> None:
        if next(faults, False):
            raise OSError("the machine is on fire")

    world.runner.script = script
    world.send("x")
    world.put()
    eventually(lambda: world.counts() == (0, 0), 5)
    assert "the machine is on fire" in caplog.text


def test_close_ends_idle_pollers_quickly(world: World) -> None:
    settings: MappingSettings = world.put()
    time.sleep(0.05)
    began = time.monotonic()
    world.mappings.close()
    assert time.monotonic() - began < 1
    assert settings.enabled
