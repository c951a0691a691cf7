from datetime import UTC, datetime

import pytest

from local_emulator.aws.schedules.expressions import InvalidScheduleError, parse

NOW = datetime(2026, 11, 21, 6, 25, 30, tzinfo=UTC)  # a Saturday


def _next(expression: str) -> str:
    due = parse(expression).after(NOW.timestamp(), NOW.timestamp() - 100)
    return "never" if due is None else datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 minute)", "2026-11-21 06:25:50"),
        ("rate(5 minutes)", "2026-11-21 06:28:50"),
        ("rate(1 hour)", "2026-11-21 07:23:50"),
        ("rate(12 hours)", "2026-11-21 18:23:50"),
        ("rate(1 day)", "2026-11-22 06:23:50"),
        ("rate(7 days)", "2026-11-28 06:23:50"),
        ("cron(* * * * ? *)", "2026-11-21 06:26:00"),
        ("cron(25 6 * * ? *)", "2026-11-22 06:25:00"),
        ("cron(26 6 * * ? *)", "2026-11-21 06:26:00"),
        ("cron(0/15 * * * ? *)", "2026-11-21 06:30:00"),
        ("cron(*/10 * * * ? *)", "2026-11-21 06:30:00"),
        ("cron(5/20 * * * ? *)", "2026-11-21 06:45:00"),
        ("cron(0 10 * * ? *)", "2026-11-21 10:00:00"),
        ("cron(15 12 * * ? *)", "2026-11-21 12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-23 18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-12-01 08:00:00"),
        ("cron(0/10 * ? * MON-FRI *)", "2026-11-23 00:00:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-23 08:00:00"),
        ("cron(0 0 ? * SUN *)", "2026-11-22 00:00:00"),
        ("cron(0 0 ? * 1 *)", "2026-11-22 00:00:00"),
        ("cron(0 0 ? * 7 *)", "2026-11-28 00:00:00"),
        ("cron(30 7 ? * FRI-MON *)", "2026-11-21 07:30:00"),
        ("cron(30 5 ? * FRI-MON *)", "2026-11-22 05:30:00"),
        ("cron(0 0 31 * ? *)", "2026-12-31 00:00:00"),
        ("cron(0 0 30 2 ? *)", "never"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29 00:00:00"),
        ("cron(0 0 29 2 ? 2027)", "never"),
        ("cron(0 12 1,15 jan,JUL ? *)", "2027-01-01 12:00:00"),
        ("cron(1,31 3,9 * * ? *)", "2026-11-21 09:01:00"),
        ("cron(0 0 1 1 ? 2030-2031)", "2030-01-01 00:00:00"),
        ("cron(0 0 1 1 ? 2025)", "never"),
        ("cron(0 22-2 * * ? *)", "2026-11-21 22:00:00"),
    ],
)
def test_next_times(expression: str, due: str) -> None:
    assert _next(expression) == due


@pytest.mark.parametrize(
    "expression",
    [
        "", "rate()", "rate(0 minutes)", "rate(1 minutes)", "rate(2 minute)", "rate(5 seconds)", "rate(-1 minute)",
        "rate(1.5 hours)", "rate(1 week)", "rate( 1 minute)", "Rate(1 minute)", "every 5 minutes", "cron()",
        "cron(* * * * *)", "cron(* * * * * *)", "cron(* * ? * ? *)", "cron(60 * * * ? *)", "cron(* 24 * * ? *)",
        "cron(* * 0 * ? *)", "cron(* * 32 * ? *)", "cron(* * * 13 ? *)", "cron(* * ? * 0 *)", "cron(* * ? * 8 *)",
        "cron(* * * * ? 1969)", "cron(a * * * ? *)", "cron(*/0 * * * ? *)", "cron(1- * * * ? *)", "cron(, * * * ? *)",
    ],
)  # fmt: skip
def test_what_eventbridge_refuses(expression: str) -> None:
    with pytest.raises(InvalidScheduleError, match="ScheduleExpression is not valid"):
        parse(expression)


@pytest.mark.parametrize(
    "expression", ["cron(0 0 L * ? *)", "cron(0 0 ? * 6#3 *)", "cron(0 0 3W * ? *)", "cron(0 0 ? * 6L *)"]
)
def test_what_the_emulator_refuses(expression: str) -> None:
    with pytest.raises(InvalidScheduleError, match="not run by the emulator"):
        parse(expression)
