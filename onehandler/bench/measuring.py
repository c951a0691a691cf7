"""Takes the samples: traced and untraced starts in turns, then the warm calls."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.bench.breakdown import Breakdown, breakdown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from onehandler.bench.deployment import Call, Deployment

_TOLD_EVERY = 100  # warm calls


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of each."""

    starts: int
    traces: int
    calls: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All samples, and the breakdown of the traced start in the middle."""

    cold_ms: tuple[float, ...]
    warm_ms: tuple[float, ...]
    billed_ms: tuple[float, ...]  # warm, as Lambda counts before it rounds up
    peak_mb: int
    traced: Breakdown

    @property
    def cold(self) -> float:
        """Median cold start, untraced, in milliseconds."""
        return statistics.median(self.cold_ms)

    @property
    def warm(self) -> float:
        """Median warm call in milliseconds."""
        return statistics.median(self.warm_ms)


def measure(deployment: Deployment, plan: Plan, told: Callable[[str], None]) -> Measured:
    """Measure all; `told` hears what is being done. Raises what the deployment raises."""
    deployment.cold()  # the first finds nothing in the page cache, and is no sample of the others
    cold, traces = [], []
    for number in range(max(plan.starts, plan.traces)):
        told(f"cold start {number + 1} of {max(plan.starts, plan.traces)}")
        if number < plan.traces:  # in turns, so that a noisy moment falls on both
            traces.append(breakdown(deployment.traced()))
        if number < plan.starts:
            cold.append(deployment.cold())
    warm = _warm(deployment, plan.calls, told)
    return Measured(
        tuple(call.wall_ms for call in cold),
        tuple(call.wall_ms for call in warm),
        tuple(call.duration_ms for call in warm),
        max(call.peak_mb for call in (*cold, *warm)),
        _middle(traces),
    )


def _warm(deployment: Deployment, calls: int, told: Callable[[str], None]) -> list[Call]:
    found = []
    for number in range(calls):
        if number % _TOLD_EVERY == 0:
            told(f"warm call {number + 1} of {calls}")
        found.append(deployment.warm())
    return found


def _middle(traces: Sequence[Breakdown]) -> Breakdown:
    """One real start rather than medians of parts, which would not add up."""
    return sorted(traces, key=lambda each: each.total_ms)[(len(traces) - 1) // 2]
