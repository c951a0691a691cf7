from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from local_emulator.aws.asynchronous.ports import InvokeConfig
from local_emulator.aws.execution.contracts import Throttled
from local_emulator.aws.queues.messages import MessageAttribute
from tests.local_emulator.aws.asynchronous.world import LETTERS, QUEUE, World, fails
from tests.local_emulator.aws.messaging.fakes import eventually, never

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.invocations.close()
    assert [t.name for t in threading.enumerate() if t.name.startswith("async-")] == []


def calls(world: World, count: int) -> None:
    eventually(lambda: len(world.runner.calls) == count and not world.runner.running)


def test_success_is_told_with_the_answer(world: World) -> None:
    world.config = InvokeConfig(on_success=QUEUE, on_failure="arn:aws:sqs:x", dead_letter_arn=LETTERS)
    world.runner.script = lambda call: {"ok": True}
    world.enqueue()
    eventually(lambda: world.destinations.sent)
    (sent,) = world.destinations.sent
    assert sent.arn == QUEUE
    assert sent.record == {
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "requestContext": {
            "requestId": "request-1",
            "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"ok": True},
    }
    (call,) = world.runner.calls
    assert call.invocation.request_id == "request-1"
    assert call.invocation.invoked_arn == "arn:aws:lambda:us-east-1:123456789012:function:f"


def test_two_retries_after_one_and_two_minutes_then_the_destination_and_the_dead_letter(world: World) -> None:
    world.config = InvokeConfig(on_failure=QUEUE, dead_letter_arn=LETTERS)
    world.runner.script = fails
    world.enqueue()
    calls(world, 1)
    world.clock.advance(59)
    never(lambda: len(world.runner.calls) > 1, 0.05)
    world.clock.advance(1)
    calls(world, 2)
    world.clock.advance(119)
    never(lambda: len(world.runner.calls) > 2, 0.05)
    assert world.destinations.sent == []
    world.clock.advance(1)
    calls(world, 3)
    eventually(lambda: len(world.destinations.sent) == 2)
    told, letter = world.destinations.sent
    assert told.record["requestContext"]["condition"] == "RetriesExhausted"
    assert told.record["requestContext"]["approximateInvokeCount"] == 3
    assert told.record["responseContext"]["functionError"] == "Unhandled"
    assert told.record["responsePayload"]["errorMessage"] == "it broke"
    assert (letter.arn, letter.body) == (LETTERS, '{"n": 1}')
    assert letter.attributes == {
        "RequestID": MessageAttribute("String", "request-1"),
        "ErrorCode": MessageAttribute("Number", "200"),
        "ErrorMessage": MessageAttribute("String", "it broke"),
    }
    assert {call.invocation.request_id for call in world.runner.calls} == {"request-1"}


@pytest.mark.parametrize("retries", [0, 1])
def test_fewer_retries(world: World, retries: int) -> None:
    world.config = InvokeConfig(on_failure=QUEUE, most_retries=retries)
    world.runner.script = fails
    world.enqueue()
    for attempt in range(retries):
        calls(world, attempt + 1)
        world.clock.advance(120)
    eventually(lambda: world.destinations.sent)
    assert len(world.runner.calls) == retries + 1


def test_throttles_are_retried_ever_more_slowly_and_are_no_attempts(world: World) -> None:
    throttles = iter(range(6))

    def script(call: Any) -> Any:
        for _ in throttles:
            raise Throttled
        return fails(call)

    world.config = InvokeConfig(on_failure=QUEUE, most_retries=0)
    world.runner.script = script
    world.enqueue()
    for count, pause in enumerate([1, 2, 4, 8, 16, 32], 1):
        calls(world, count)
        world.clock.advance(pause - 0.5)
        never(lambda count=count: len(world.runner.calls) > count, 0.03)
        world.clock.advance(0.5)
    eventually(lambda: world.destinations.sent)
    assert world.destinations.sent[0].record["requestContext"]["approximateInvokeCount"] == 1


def test_an_event_that_is_too_old_is_given_up(world: World) -> None:
    world.config = InvokeConfig(on_failure=QUEUE, dead_letter_arn=LETTERS, longest_age_s=90)

    def script(call: Any) -> Any:
        raise Throttled

    world.runner.script = script
    world.enqueue()
    calls(world, 1)
    world.clock.advance(91)
    eventually(lambda: len(world.destinations.sent) == 2)
    told, letter = world.destinations.sent
    assert told.record["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responsePayload" not in told.record
    assert letter.attributes["ErrorCode"] == MessageAttribute("Number", "429")
    assert len(world.runner.calls) == 1


def test_reserved_concurrency_of_zero_fails_without_a_run(world: World) -> None:
    world.functions.add("f", limit=0)
    world.config = InvokeConfig(on_failure=QUEUE)
    world.enqueue()
    eventually(lambda: world.destinations.sent)
    assert world.destinations.sent[0].record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert world.runner.calls == []


def test_a_retry_runs_the_function_as_it_is_then(world: World) -> None:
    world.runner.script = fails
    world.enqueue()
    calls(world, 1)
    world.functions.add("f", timeout_s=99)
    world.clock.advance(60)
    calls(world, 2)
    assert [call.function.timeout_s for call in world.runner.calls] == [3.0, 99]


def test_a_function_as_destination_gets_the_record(world: World) -> None:
    world.functions.add("g")
    world.config = InvokeConfig(on_success="arn:aws:lambda:us-east-1:123456789012:function:g")
    world.runner.script = lambda call: fails(call) if call.function.name == "g" else None
    world.enqueue()
    calls(world, 2)
    assert world.runner.calls[1].function.name == "g"
    assert world.runner.calls[1].event["requestContext"]["condition"] == "Success"


def test_what_cannot_be_told_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.destinations.missing.add(QUEUE)
    world.config = InvokeConfig(on_success=QUEUE)
    world.enqueue()
    eventually(lambda: f"there is no queue {QUEUE}" in caplog.text)
    world.functions.functions.clear()
    world.enqueue()
    eventually(lambda: "no arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST any more" in caplog.text)
    world.functions.add("f")
    world.config = InvokeConfig(on_success="arn:aws:lambda:us-east-1:123456789012:function:gone")
    world.enqueue()
    eventually(lambda: "function:gone is no function" in caplog.text)


def test_a_fault_of_the_runner_is_logged_and_retried(world: World, caplog: pytest.LogCaptureFixture) -> None:
    faults = iter([OSError("the machine is on fire")])

    def script(call: Any) -> None:
        for error in faults:
            raise error

    world.runner.script = script
    world.config = InvokeConfig(on_success=QUEUE)
    world.enqueue()
    eventually(lambda: "on fire" in caplog.text)
    world.clock.advance(1)
    eventually(lambda: world.destinations.sent)


def test_only_so_many_run_at_once_and_none_waits_for_a_retry(world: World) -> None:
    gate = threading.Event()
    world.runner.script = lambda call: gate.wait(10) and None
    for _ in range(10):
        world.enqueue()
    eventually(lambda: world.runner.running == 4)
    never(lambda: world.runner.running > 4, 0.05)
    gate.set()
    calls(world, 10)


def test_events_before_start_wait_and_after_stop_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.invocations.close()
    world.enqueue()
    never(lambda: world.runner.calls, 0.05)
    world.invocations.start()
    calls(world, 1)
    world.runner.script = fails
    world.enqueue()
    calls(world, 2)
    began = time.monotonic()
    eventually(lambda: not world.runner.running)
    time.sleep(0.02)
    world.invocations.close()
    assert time.monotonic() - began < 1
    assert "1 asynchronous invocations are dropped" in caplog.text


def test_payloads_that_are_no_json_are_told_as_text(world: World) -> None:
    from tests.local_emulator.aws.front.fakes import outcome

    world.runner.script = lambda call: outcome(b"plain")
    world.config = InvokeConfig(on_success=QUEUE)
    world.enqueue()
    eventually(lambda: world.destinations.sent)
    assert world.destinations.sent[0].record["responsePayload"] == "plain"
