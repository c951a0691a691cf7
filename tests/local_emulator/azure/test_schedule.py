"""Timer schedules, and the trigger on a clock of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from local_emulator.aws.clock import ManualClock
from local_emulator.azure.errors import SettingsRefused
from local_emulator.azure.triggers.schedule import read_schedule
from tests.local_emulator.azure.hosts import host_of, until, write_app

if TYPE_CHECKING:
    from pathlib import Path

FROM = datetime(2026, 11, 21, 8, 30, 15, tzinfo=UTC)  # a Saturday


@pytest.mark.parametrize(
    ("schedule", "first", "second"),
    [
        ("0 */5 * * * *", "2026-11-21T08:35:00", "2026-11-21T08:40:00"),
        ("*/5 * * * *", "2026-11-21T08:35:00", "2026-11-21T08:40:00"),
        ("15,45 30 8 * * *", "2026-11-21T08:30:45", "2026-11-22T08:30:15"),
        ("0 30 9 * * mon-fri", "2026-11-23T09:30:00", "2026-11-24T09:30:00"),
        ("0 0 0 1 1 *", "2027-01-01T00:00:00", "2028-01-01T00:00:00"),
        ("0 0 0 13 * Fri", "2027-08-13T00:00:00", "2028-10-13T00:00:00"),
        ("0 0 0 29 Feb *", "2028-02-29T00:00:00", "2032-02-29T00:00:00"),
        ("0 0 9-17/4 * * *", "2026-11-21T09:00:00", "2026-11-21T13:00:00"),
        ("0 10/20 * * * *", "2026-11-21T08:50:00", "2026-11-21T09:10:00"),
        ("00:00:30", "2026-11-21T08:30:45", "2026-11-21T08:31:15"),
        ("1.00:00:00", "2026-11-22T08:30:15", "2026-11-23T08:30:15"),
    ],
)
def test_the_next_times(schedule: str, first: str, second: str) -> None:
    read = read_schedule(schedule, "test")
    one = read.after(FROM)
    assert one.isoformat() == f"{first}+00:00"
    assert read.after(one).isoformat() == f"{second}+00:00"


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("* * *", "3 fields"),
        ("60 * * * * *", "0 to 59"),
        ("0 0 0 31 2 *", "never comes"),
        ("a * * * * *", "no second"),
        ("0 5-1 * * * *", "allows no minute"),
        ("0 0 0 * * 7", "no day of the week"),
        ("00:00:00", "no time at all"),
        ("* * * * * ;", "in the schedule"),
    ],
)
def test_what_is_no_schedule_is_refused_by_name(schedule: str, said: str) -> None:
    with pytest.raises(SettingsRefused, match=said):
        read_schedule(schedule, "function f, timer")


def test_a_timer_runs_when_its_time_comes(tmp_path: Path) -> None:
    code = """
@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
@app.queue_output(arg_name="$return", queue_name="ticks", connection="AzureWebJobsStorage")
def tick(timer: func.TimerRequest) -> str:
    return timer.schedule_status["Next"]
"""
    clock = ManualClock(FROM.timestamp())
    with host_of(write_app(tmp_path / "app", code, NO_BASE64), clock=clock) as host:
        assert host.receive("ticks") is None
        clock.advance(30 * 60)
        assert host.wait_for_message("ticks").content == "2026-11-21T10:00:00+00:00"
        clock.advance(60 * 60)
        assert until(lambda: host.receive("ticks"), "the second").content == "2026-11-21T11:00:00+00:00"


NO_BASE64 = {"extensions": {"queues": {"messageEncoding": "none"}}}
