"""Schedules of timer functions: NCRONTAB expressions and plain intervals, in UTC.

https://github.com/atifaziz/NCrontab: unlike cron's, a day must match both its field and the weekday's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from local_emulator.azure.errors import SettingsRefused

_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_HORIZON_DAYS = 366 * 40  # 29 February comes on a given weekday once in 28 years; a century may leave one out


class Schedule(Protocol):
    """Tells when a function runs next."""

    def after(self, moment: datetime) -> datetime:
        """Give the first time after this one."""
        ...


@dataclass(frozen=True, slots=True)
class Interval:
    """A run every so often, counted from the last one."""

    every: timedelta

    def after(self, moment: datetime) -> datetime:
        """Give the first time after this one."""
        return moment + self.every


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an expression: its name, its range, and words that stand for numbers."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


_FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """The numbers that each field of an expression allows, in order."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]

    def after(self, moment: datetime) -> datetime:
        """Give the first time after this one. Raises SettingsRefused when there is none, 31 February for one."""
        first = moment.replace(microsecond=0) + timedelta(seconds=1)
        for ahead in range(_HORIZON_DAYS):
            day = (first + timedelta(days=ahead)).date()
            if not self._allows(day.month, day.day, day.isoweekday() % 7):
                continue
            start = first.time() if ahead == 0 else None
            for hour in self.hours:
                for minute in self.minutes:
                    for second in self.seconds:
                        if start is None or (hour, minute, second) >= (
                            start.hour,
                            start.minute,
                            start.second,
                        ):
                            return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
        raise SettingsRefused("the schedule names a day that never comes")

    def _allows(self, month: int, day: int, weekday: int) -> bool:
        return month in self.months and day in self.days and weekday in self.weekdays


def read_schedule(text: str, where: str) -> Schedule:
    """Read a timer's schedule. Raises SettingsRefused, which names the field."""
    span = _SPAN.fullmatch(text.strip())
    if span:
        days, hours, minutes, seconds = (int(part or 0) for part in span.groups())
        every = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if not every:
            raise SettingsRefused(f"{where}: the schedule {text!r} is no time at all")
        return Interval(every)
    parts = text.split()
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) != len(_FIELDS):
        raise SettingsRefused(
            f"{where}: the schedule {text!r} has {len(parts)} fields; it is '{{second}} {{minute}} {{hour}} {{day}} "
            "{month} {day of the week}', the same without seconds, or an interval 'hh:mm:ss'"
        )
    schedule = Cron(*(_numbers(part, field, where) for part, field in zip(parts, _FIELDS, strict=True)))
    schedule.after(datetime.now(UTC))
    return schedule


def _numbers(text: str, field: Field, where: str) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise SettingsRefused(
                f"{where}: {part!r} in the schedule is no {field.name}; 5, 1-5, */5 or 1-20/5 are"
            )
        star, low, high, step = match.groups()
        first = field.low if star else _number(low, field, where)
        # "3/5" is from 3 on.
        last = field.high if star or (step and not high) else _number(high or low, field, where)
        found.update(range(first, last + 1, int(step or 1) or 1))
    if not found:
        raise SettingsRefused(f"{where}: {text!r} in the schedule allows no {field.name}")
    return tuple(sorted(found))


def _number(text: str, field: Field, where: str) -> int:
    word = text.lower()[:3]
    if word in field.words:
        return field.words.index(word) + field.low
    if text.isdecimal() and field.low <= int(text) <= field.high:
        return int(text)
    raise SettingsRefused(
        f"{where}: {text!r} in the schedule is no {field.name}; {field.low} to {field.high} are accepted"
    )
