"""Schedule expressions as EventBridge rules take them, and when they are due next.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

_RATE = re.compile(r"rate\((\d{1,9}) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_YEARS_AHEAD = 30  # a schedule that is never due in so many years never is
_MINUTE = timedelta(minutes=1)


class InvalidScheduleError(ValueError):
    """EventBridge would not take the expression, or the emulator cannot run it; the text says which."""


class Schedule(Protocol):
    """When a rule is due."""

    def after(self, moment: float, since: float) -> float | None:
        """The first time after a moment, in seconds since 1970; the rule exists since `since`. None: never."""
        ...


@dataclass(frozen=True, slots=True)
class Rate:
    """Every so many seconds since the rule exists."""

    seconds: int

    def after(self, moment: float, since: float) -> float:
        """See Schedule."""
        return since + (int((moment - since) // self.seconds) + 1) * self.seconds


@dataclass(frozen=True, slots=True)
class Cron:
    """At minutes of UTC. `days` of the month or `weekdays` (0 is Sunday) is None where the other one counts."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]

    def after(self, moment: float, since: float) -> float | None:  # noqa: ARG002 - the clock alone decides
        """See Schedule."""
        now = datetime.fromtimestamp(moment, UTC).replace(second=0, microsecond=0) + _MINUTE
        last = now.replace(hour=0, minute=0) + timedelta(days=366 * _YEARS_AHEAD)
        while now < last:
            if not self._is_day(now):
                now = now.replace(hour=0, minute=0) + timedelta(days=1)
            elif now.hour not in self.hours:
                now = now.replace(minute=0) + timedelta(hours=1)
            elif now.minute not in self.minutes:
                now += _MINUTE
            else:
                return now.timestamp()
        return None

    def _is_day(self, now: datetime) -> bool:
        if now.year not in self.years or now.month not in self.months:
            return False
        if self.days is not None:
            return now.day in self.days
        return self.weekdays is None or now.isoweekday() % 7 in self.weekdays


def parse(expression: str) -> Schedule:
    """Read rate(…) or cron(…). Raises InvalidScheduleError."""
    if matched := _RATE.fullmatch(expression):
        value, unit = int(matched[1]), matched[2]
        if value and (value == 1) != unit.endswith("s"):
            return Rate(value * _SECONDS[unit.removesuffix("s")])
    if matched := _CRON.fullmatch(expression):
        return _cron(*matched.groups())
    raise _invalid()


def _cron(minute: str, hour: str, day: str, month: str, weekday: str, year: str) -> Cron:
    if (day == "?") == (weekday == "?"):
        raise _invalid()  # one of the two, and not both
    return Cron(
        _values(minute, 0, 59),
        _values(hour, 0, 23),
        None if day == "?" else _values(day, 1, 31),
        _values(month, 1, 12, _MONTHS, 1),
        None if weekday == "?" else frozenset(value - 1 for value in _values(weekday, 1, 7, _DAYS, 1)),
        _values(year, 1970, 2199),
    )


def _values(text: str, low: int, high: int, names: list[str] | None = None, first: int = 0) -> frozenset[int]:
    """A field's values: lists, ranges, steps, names."""
    if re.search(r"[LW#]", text) and not names:
        raise InvalidScheduleError(f"L, W and # in cron expressions are not run by the emulator: {text}")
    found: set[int] = set()
    for each in text.upper().split(","):
        span, slash, step = each.partition("/")
        begin, dash, end = span.partition("-")
        start = low if span == "*" else _number(begin, low, high, names, first)
        stop = _number(end, low, high, names, first) if dash else high if slash or span == "*" else start
        if slash and not (step.isdecimal() and int(step)):
            raise _invalid()
        # A range may go over the end: FRI-MON.
        wrapped = [*range(start, high + 1), *range(low, stop + 1)] if stop < start else range(start, stop + 1)
        found.update(list(wrapped)[:: int(step) if slash else 1])
    return frozenset(found)


def _number(text: str, low: int, high: int, names: list[str] | None, first: int) -> int:
    if names and text in names:
        return names.index(text) + first
    if names and re.search(r"[LW#]", text):
        raise InvalidScheduleError(f"L, W and # in cron expressions are not run by the emulator: {text}")
    if not text.isdecimal() or not low <= int(text) <= high:
        raise _invalid()
    return int(text)


def _invalid() -> InvalidScheduleError:
    return InvalidScheduleError("Parameter ScheduleExpression is not valid.")
