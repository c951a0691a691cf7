"""Which Lambda memory setting to take: what must fit, and what the CPU that comes with it does to the durations.

Lambda gives CPU in proportion to memory, one vCPU at 1,769 MB, so below that everything that computes takes longer
by the same factor. It bills memory times duration, each duration rounded up to a millisecond.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onehandler.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

MB_PER_VCPU = 1769
_LEAST_MB = 128
_MOST_MB = 10_240
_STEPS = (128, 192, 256, 320, 384, 512, 640, 768, 1024, 1280, 1536, MB_PER_VCPU)
_MARGIN = 1.25  # larger requests than the sample need more than it did
_ROOM_MB = 32  # what the managed environment itself counts
_AS_CHEAP = 1.25  # times the cheapest: rounding to milliseconds moves estimates as much


@dataclass(frozen=True, slots=True)
class Needs:
    """What was measured here; milliseconds, and MB of resident memory."""

    cold_ms: float
    cold_cpu_ms: float  # what all threads of a cold start computed: one vCPU does it one after the other
    warm_ms: Sequence[float]  # each call's duration, before it is rounded up
    peak_mb: int
    target_ms: float  # the longest cold start that is wanted


@dataclass(frozen=True, slots=True)
class Setting:
    """One memory setting with what is to be expected of it."""

    memory_mb: int
    vcpu: float
    cold_ms: float
    warm_ms: float
    gb_s_per_million: float  # of warm requests


@dataclass(frozen=True, slots=True)
class Advice:
    """The setting to take, what decided ("memory", "warm" or "cold"), and why; `settings` to compare."""

    suggested: Setting
    decided_by: str
    reasons: tuple[str, ...]
    settings: tuple[Setting, ...]


def advise(needs: Needs) -> Advice:
    """Choose. Settings below what the memory needs are left out. Raises ModelError when Lambda has not enough."""
    floor = _floor(needs.peak_mb)
    if floor > _MOST_MB:
        raise ModelError(f"needs {floor} MB with a margin; Lambda has at most {_MOST_MB} MB")
    settings = tuple(_setting(memory, needs) for memory in sorted({floor, *_STEPS}) if memory >= floor)
    fits = (
        f"Memory: {needs.peak_mb} MB were resident at most; with a quarter and {_ROOM_MB} MB to spare, "
        f"{floor} MB is the least."
    )
    if floor >= MB_PER_VCPU:
        reason = "That is a whole vCPU or more, and one request uses one: memory decides."
        return Advice(settings[0], "memory", (fits, reason), settings)
    cheap = _cheapest(settings, _AS_CHEAP)
    quick = [each for each in settings if each.cold_ms <= needs.target_ms]
    if cheap in quick:
        return Advice(cheap, "warm", (fits, _warm(cheap), _cold_is_well(cheap, needs)), settings)
    chosen = _cheapest(quick, 1.0) if quick else settings[-1]
    return Advice(chosen, "cold", (fits, _warm(cheap), _cold(chosen, cheap, needs)), settings)


def _cheapest(settings: Sequence[Setting], within: float) -> Setting:
    """The one with most memory, and so the fastest, of those that cost at most `within` times the cheapest."""
    least = min(each.gb_s_per_million for each in settings)
    return [each for each in settings if each.gb_s_per_million <= least * within][-1]


def _warm(cheap: Setting) -> str:
    return (
        "Warm calls: less memory computes longer, so memory times duration stays about the same until a call is "
        f"under 1 ms, the least that is billed. {cheap.memory_mb} MB is the fastest setting within a quarter of "
        f"the cheapest ({cheap.warm_ms:.2f} ms, {cheap.gb_s_per_million:,.0f} GB-s per million requests)."
    )


def _cold_is_well(cheap: Setting, needs: Needs) -> str:
    return f"Cold start: {cheap.cold_ms:.0f} ms there, within the {needs.target_ms:g} ms wanted: the warm call decides."


def _cold(chosen: Setting, cheap: Setting, needs: Needs) -> str:
    start = f"Cold start: {cheap.cold_ms:.0f} ms there, over the {needs.target_ms:g} ms wanted"
    if chosen.cold_ms > needs.target_ms:
        return f"{start}; no setting reaches that, a whole vCPU comes closest: the cold start decides."
    return (
        f"{start}; {chosen.memory_mb} MB takes {chosen.cold_ms:.0f} ms at {chosen.gb_s_per_million:,.0f} GB-s per "
        "million warm requests: the cold start decides."
    )


def _floor(peak_mb: int) -> int:
    needed = peak_mb * _MARGIN + _ROOM_MB
    return max(_LEAST_MB, math.ceil(needed / 64) * 64)


def _setting(memory: int, needs: Needs) -> Setting:
    share = min(1.0, memory / MB_PER_VCPU)
    billed = statistics.mean(math.ceil(each / share) for each in needs.warm_ms)
    return Setting(
        memory,
        memory / MB_PER_VCPU,
        max(needs.cold_ms, needs.cold_cpu_ms / share),
        statistics.median(needs.warm_ms) / share,
        memory / 1024 * billed * 1000,
    )
