"""Samples are taken as planned, and the breakdown is one real start."""

from __future__ import annotations

from dataclasses import replace

from onehandler.bench.breakdown import Trace
from onehandler.bench.deployment import Call
from onehandler.bench.measuring import Plan, measure
from tests.onehandler.bench.test_breakdown import MS, trace


class Scripted:
    """A Deployment whose times are written down: cold starts of 100, 1, 2, … ms, traced of 60, 50, 70 ms."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._cold = iter([100, 1, 2, 3])
        self._traced = iter([60, 50, 70])

    def cold(self) -> Call:
        self.asked.append("cold")
        return Call(next(self._cold), 1.0, 40)

    def warm(self) -> Call:
        self.asked.append("warm")
        return Call(0.5, 0.4, 44)

    def traced(self) -> Trace:
        self.asked.append("traced")
        return replace(trace(20), answered_ns=next(self._traced) * MS)


def test_measure_takes_turns_and_leaves_the_first_start_out() -> None:
    deployment, told = Scripted(), list[str]()
    found = measure(deployment, Plan(starts=3, traces=3, calls=2), told.append)
    assert deployment.asked == ["cold", *["traced", "cold"] * 3, "warm", "warm"]
    assert found.cold_ms == (1, 2, 3)
    assert (found.cold, found.warm, found.billed_ms, found.peak_mb) == (2, 0.5, (0.4, 0.4), 44)
    assert found.traced.total_ms == 60
    assert told == [*(f"cold start {number} of 3" for number in (1, 2, 3)), "warm call 1 of 2"]
