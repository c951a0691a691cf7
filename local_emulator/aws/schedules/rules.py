"""The thread that fires rules when they are due."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Condition, Thread
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.notifications.notifier import DestinationMissingError
from local_emulator.aws.schedules.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local_emulator.aws.clock import Clock

_log = logging.getLogger(__name__)
_LOOK_S = 1.0  # how soon a new rule is noticed


@dataclass(frozen=True, slots=True)
class RuleTarget:
    """Who is told, and what in place of the event (None: the event)."""

    arn: str
    constant: str | None = None


@dataclass(frozen=True, slots=True)
class ScheduledRule:
    """An enabled rule as it is now."""

    arn: str
    account_id: str
    region: str
    expression: str
    targets: tuple[RuleTarget, ...]


class RuleDirectory(Protocol):
    """Knows the rules."""

    def enabled(self) -> Iterable[ScheduledRule]:
        """Those that have a schedule and are enabled."""
        ...


class Targets(Protocol):
    """Takes events. Raises DestinationMissingError when there is no such target any more."""

    def send(self, arn: str, body: str) -> None:
        """To a queue or topic."""
        ...

    def invoke(self, arn: str, payload: bytes, request_id: str) -> None:
        """To a function, asynchronously."""
        ...


@dataclass(slots=True)
class _Due:
    expression: str
    since: float
    at: float | None


class Schedules:
    """Fires rules at their time. A rule counts from when it was first seen; one that is changed begins anew."""

    def __init__(self, rules: RuleDirectory, targets: Targets, clock: Clock) -> None:
        self._rules = rules
        self._targets = targets
        self._clock = clock
        self._due: dict[str, _Due] = {}
        self._condition = Condition()
        self._running = False
        self._thread: Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._running = True
        self._thread = Thread(target=self._work, name="schedules", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Fire nothing more."""
        with self._condition:
            self._running = False
            self._condition.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def look(self) -> None:
        """Fire what is due now, and forget rules that are gone."""
        now = self._clock.now()
        found = {rule.arn: rule for rule in self._rules.enabled()}
        self._due = {arn: due for arn, due in self._due.items() if arn in found}
        for rule in found.values():
            due = self._due.get(rule.arn)
            if due is None or due.expression != rule.expression:
                due = _Due(rule.expression, now, parse(rule.expression).after(now, now))
                self._due[rule.arn] = due
            if due.at is not None and due.at <= now:
                self._fire(rule, due.at)
                due.at = parse(rule.expression).after(now, due.since)

    def _work(self) -> None:
        with self._condition:
            while self._running:
                try:
                    self.look()
                except Exception:  # noqa: BLE001 - a thread that ended here would leave every schedule standing
                    _log.exception("schedules")
                self._clock.wait(self._condition, _LOOK_S)

    def _fire(self, rule: ScheduledRule, due: float) -> None:
        event = json.dumps(scheduled_event(rule, due))
        for target in rule.targets:
            body = event if target.constant is None else target.constant
            try:
                if ":lambda:" in target.arn:
                    self._targets.invoke(target.arn, body.encode(), str(uuid.uuid4()))
                else:
                    self._targets.send(target.arn, body)
            except DestinationMissingError as error:
                _log.warning("rule %s: %s", rule.arn, error)


def scheduled_event(rule: ScheduledRule, due: float) -> dict[str, object]:
    """What EventBridge sends."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": rule.region,
        "resources": [rule.arn],
        "detail": {},
    }
