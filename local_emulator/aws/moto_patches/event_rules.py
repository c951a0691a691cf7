"""moto keeps EventBridge's rules and looks at no clock: they are read here, and checked when they are put."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from local_emulator.aws.moto_patches.patching import Patch, Target
from local_emulator.aws.schedules.expressions import InvalidScheduleError, parse
from local_emulator.aws.schedules.rules import RuleTarget, ScheduledRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_emulator.aws.services import Services

_TRANSFORMED = ("InputPath", "InputTransformer")


class MotoRules:
    """Implements RuleDirectory."""

    def enabled(self) -> Iterator[ScheduledRule]:
        """From every account and region."""
        from moto.events.models import events_backends

        for account in list(events_backends.values()):
            for backend in list(account.values()):
                for bus in list(backend.event_buses.values()):
                    for rule in list(bus.rules.values()):
                        if rule.scheduled_expression and rule.state == "ENABLED":
                            yield _rule(rule)


def _rule(rule: Any) -> ScheduledRule:
    targets = tuple(RuleTarget(target["Arn"], target.get("Input")) for target in rule.targets)
    return ScheduledRule(rule.arn, rule.account_id, rule.region_name, rule.scheduled_expression, targets)


def _apply(_: Services) -> None:
    """Rules are kept, but any schedule that looks like one is taken, and any target, and none of them ever fires."""
    from moto.events.exceptions import ValidationException
    from moto.events.models import EventsBackend

    put_rule, put_targets = EventsBackend.put_rule, EventsBackend.put_targets

    @wraps(put_rule)
    def checked_rule(self: Any, name: str, *rest: Any, **named: Any) -> Any:
        if expression := named.get("scheduled_expression"):
            try:
                parse(expression)
            except InvalidScheduleError as error:
                raise ValidationException(str(error)) from None
        return put_rule(self, name, *rest, **named)

    @wraps(put_targets)
    def checked_targets(
        self: Any, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> Any:
        rule = self.describe_rule(name, event_bus_arn)
        problems = [_problem(target) for target in targets if rule.scheduled_expression]
        if told := next(filter(None, problems), ""):
            raise ValidationException(told)
        return put_targets(self, name, event_bus_arn, targets)

    EventsBackend.put_rule = checked_rule
    EventsBackend.put_targets = checked_targets


def _problem(target: dict[str, Any]) -> str:
    """What the emulator cannot do for a target of a scheduled rule; "" for nothing."""
    if transformed := [name for name in _TRANSFORMED if target.get(name)]:
        return f"{transformed[0]} of scheduled rules is not supported by the emulator, which takes Input"
    service = target["Arn"].split(":")[2] if target["Arn"].count(":") >= 5 else target["Arn"]
    if service not in ("lambda", "sqs", "sns"):
        return f"targets of scheduled rules are functions, queues and topics in the emulator, not {service}"
    return ""


PATCH = Patch(
    "event-rules",
    (
        Target("moto.events.models", "EventsBackend.put_rule", "28bf0ac76b1b"),
        Target("moto.events.models", "EventsBackend.put_targets", "5c3742b61a68"),
    ),
    _apply,
)
