"""Records that there is no time for are handed back, and never the first."""

from __future__ import annotations

import pytest

from adapters.aws_batch import Deadline, NotStarted


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _do(deadline: Deadline, clock: Clock, remaining: float, seconds: float) -> None:
    with deadline.record(remaining):
        clock.now += abs(seconds)
        if seconds < 0:
            raise ValueError("negative: the record fails")


def test_a_record_begins_only_with_time_for_one_and_a_half_of_the_longest() -> None:
    clock = Clock()
    deadline = Deadline(clock)
    deadline.start()
    _do(deadline, clock, 60, 20)
    _do(deadline, clock, 40, 10)
    with pytest.raises(NotStarted, match=r"29\.9 s are left, a record may take 30\.0 s"):
        _do(deadline, clock, 29.9, 1)
    _do(deadline, clock, 30, 1)


def test_the_first_of_an_invocation_always_begins() -> None:
    clock = Clock()
    deadline = Deadline(clock)
    for _ in range(2):
        deadline.start()
        _do(deadline, clock, 0.1, 100)
        with pytest.raises(NotStarted):
            _do(deadline, clock, 100, 1)


def test_a_record_that_failed_says_nothing_about_how_long_one_takes() -> None:
    clock = Clock()
    deadline = Deadline(clock)
    deadline.start()
    with pytest.raises(ValueError, match="negative"):
        _do(deadline, clock, 100, -50)
    _do(deadline, clock, 2.0, 1)
    with pytest.raises(NotStarted):
        _do(deadline, clock, 1.9, 1)
