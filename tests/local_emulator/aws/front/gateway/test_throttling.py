from __future__ import annotations

from local_emulator.aws.front.gateway.throttling import Throttles
from local_emulator.aws.front.ports import StageDefinition, Throttle
from tests.local_emulator.aws.front.fakes import Clock


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    throttles = Throttles(clock)
    stage = StageDefinition("dev", throttle=Throttle(2.0, 3))
    assert [throttles.admit("a", stage, "GET /") for _ in range(5)] == [True, True, True, False, False]
    clock.now += 0.5
    assert [throttles.admit("a", stage, "GET /") for _ in range(2)] == [True, False]
    clock.now += 100
    assert [throttles.admit("a", stage, "GET /") for _ in range(4)] == [True, True, True, False]


def test_each_route_has_its_own_bucket_and_its_own_settings_first() -> None:
    throttles = Throttles(Clock())
    stage = StageDefinition("dev", throttle=Throttle(1.0, 1), route_throttles=(("GET /b", Throttle(1.0, 2)),))
    assert [throttles.admit("a", stage, "GET /a") for _ in range(2)] == [True, False]
    assert [throttles.admit("a", stage, "GET /b") for _ in range(3)] == [True, True, False]
    assert throttles.admit("other", stage, "GET /a")
    assert not throttles.admit("z", StageDefinition("dev", throttle=Throttle(0.0, 0)), "GET /a")


def test_no_settings_no_limit() -> None:
    throttles = Throttles(Clock())
    assert all(throttles.admit("a", StageDefinition("dev"), "GET /") for _ in range(1000))
