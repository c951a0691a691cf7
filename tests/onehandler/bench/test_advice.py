"""Which memory setting, and what decides."""

from __future__ import annotations

import pytest

from onehandler.bench.advice import Needs, advise
from onehandler.errors import ModelError


def test_a_long_warm_call_takes_a_whole_vcpu() -> None:
    """GB-seconds are the same at every setting, so the fastest one is free."""
    found = advise(Needs(cold_ms=60, cold_cpu_ms=60, warm_ms=[20.0], peak_mb=100, target_ms=200))
    assert (found.suggested.memory_mb, found.decided_by) == (1769, "warm")
    assert {round(each.gb_s_per_million / 34_550, 1) for each in found.settings} == {1.0}


def test_a_short_warm_call_takes_the_fastest_of_the_cheapest() -> None:
    """0.3 ms on a vCPU is under a millisecond from 531 MB on: more memory only costs more."""
    found = advise(Needs(cold_ms=50, cold_cpu_ms=50, warm_ms=[0.3], peak_mb=48, target_ms=1000))
    assert (found.suggested.memory_mb, found.decided_by) == (640, "warm")
    least = min(each.gb_s_per_million for each in found.settings)
    dearer = [each for each in found.settings if each.memory_mb > 640]
    assert found.suggested.gb_s_per_million <= least * 1.25
    assert all(each.gb_s_per_million > least * 1.25 for each in dearer)


def test_a_cold_start_that_would_be_too_long_decides() -> None:
    found = advise(Needs(cold_ms=100, cold_cpu_ms=100, warm_ms=[0.3], peak_mb=48, target_ms=200))
    assert (found.suggested.memory_mb, found.decided_by) == (1024, "cold")
    assert found.suggested.cold_ms <= 200
    assert "over the 200 ms wanted" in found.reasons[-1]


def test_a_cold_start_that_no_setting_reaches_is_said() -> None:
    found = advise(Needs(cold_ms=500, cold_cpu_ms=500, warm_ms=[0.3], peak_mb=48, target_ms=200))
    assert (found.suggested.memory_mb, found.decided_by) == (1769, "cold")
    assert "no setting reaches that" in found.reasons[-1]


def test_a_large_model_leaves_out_what_it_does_not_fit_in() -> None:
    found = advise(Needs(cold_ms=50, cold_cpu_ms=50, warm_ms=[0.3], peak_mb=1000, target_ms=1000))
    assert min(each.memory_mb for each in found.settings) == 1344
    assert found.suggested.memory_mb == 1536  # a seventh dearer, a seventh faster


def test_memory_decides_above_a_vcpu() -> None:
    found = advise(Needs(cold_ms=50, cold_cpu_ms=50, warm_ms=[0.3], peak_mb=3000, target_ms=10))
    assert (found.suggested.memory_mb, found.decided_by) == (3840, "memory")


def test_more_than_lambda_has_is_refused() -> None:
    with pytest.raises(ModelError, match="at most 10240 MB"):
        advise(Needs(cold_ms=50, cold_cpu_ms=50, warm_ms=[0.3], peak_mb=9000, target_ms=10))


def test_two_threads_at_once_take_turns_on_one_vcpu() -> None:
    """60 ms of wall time with 90 ms of CPU time are 90 ms on a vCPU, and more on a share of one."""
    found = advise(Needs(cold_ms=60, cold_cpu_ms=90, warm_ms=[0.3], peak_mb=48, target_ms=100))
    assert found.settings[-1].cold_ms == 90
    assert found.settings[0].cold_ms == pytest.approx(90 * 1769 / 128)


def test_waiting_is_not_made_longer_by_less_cpu() -> None:
    found = advise(Needs(cold_ms=500, cold_cpu_ms=10, warm_ms=[0.3], peak_mb=48, target_ms=600))
    assert {each.cold_ms for each in found.settings} == {500}
