"""Operations a second of the emulator's SQS store, with few messages in the queue and with many.

    python -m benchmarks.queues [--cycles 2000] [--json]

One row an operation: in this process, without HTTP. The ratios say how much slower each is at the greater depth.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from benchmarks.report import Report
from local_emulator.aws.clock import SystemClock
from local_emulator.aws.queues.messages import Draft
from local_emulator.aws.queues.queue import StandardQueue
from local_emulator.aws.queues.requests import Receive
from local_emulator.aws.queues.settings import QueueSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_emulator.aws.queues.messages import Received

DEPTHS = (1_000, 100_000)
_DRAFT = Draft("x" * 200)


@click.command()
@click.option("--cycles", default=2_000, show_default=True, help="How often each operation is done.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(cycles: int, as_json: bool) -> None:
    """Measure and print."""
    seconds = {depth: measure(depth, cycles) for depth in DEPTHS}
    report(seconds).print(as_json=as_json)


def measure(depth: int, cycles: int) -> dict[str, float]:
    """Give the seconds that one operation takes on a queue with `depth` visible messages."""
    queue = StandardQueue("arn:aws:sqs:us-east-1:123456789012:q", QueueSettings, SystemClock(), _no_queue)
    for _ in range(depth):
        queue.send(_DRAFT)
    received: list[Received] = []
    found = {
        "send": _timed(cycles, lambda: queue.send(_DRAFT)),
        "receive 1": _timed(cycles, lambda: received.extend(queue.receive(Receive(1)))),
        "count": _timed(cycles, queue.counts),
    }
    handles = [each.receipt_handle for each in received]
    left, to_delete = iter(handles), iter(handles)
    found["change visibility"] = _timed(cycles, lambda: queue.change_visibility(next(left), 60))
    found["delete"] = _timed(cycles, lambda: queue.delete(next(to_delete)))
    found["receive 10"] = _timed(min(cycles, depth // 10), lambda: queue.receive(Receive(10)))
    return found


def report(seconds: dict[int, dict[str, float]]) -> Report:
    """Rates, and how they compare."""
    shallow, deep = DEPTHS
    rows: list[dict[str, Any]] = [
        {
            "operation": name,
            **{f"1/s at {depth:,}": round(1 / seconds[depth][name]) for depth in DEPTHS},
            f"ms at {deep:,}": round(seconds[deep][name] * 1000, 4),
        }
        for name in seconds[shallow]
    ]
    ratios = {
        f"{name.replace(' ', '_')}_deep_over_shallow": seconds[deep][name] / seconds[shallow][name]
        for name in seconds[shallow]
    }
    return Report(f"SQS store: {shallow:,} and {deep:,} messages", rows, ratios)


def _timed(cycles: int, operation: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(cycles):
        operation()
    return (time.perf_counter() - began) / cycles


def _no_queue(arn: str) -> None:  # noqa: ARG001 - there is no dead-letter queue to find
    return None


if __name__ == "__main__":
    main()
