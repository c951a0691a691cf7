"""Tells destinations of events."""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.notifications.records import event_message, test_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_emulator.aws.clock import Clock
    from local_emulator.aws.notifications.records import ObjectEvent
    from local_emulator.aws.notifications.rules import Rule

_log = logging.getLogger(__name__)


class DestinationMissingError(Exception):
    """The queue, topic or function is not there any more, or does not take the message."""


class NotificationTargets(Protocol):
    """Where notifications go."""

    def send(self, arn: str, body: str) -> None:
        """Send to a queue or topic. Raises DestinationMissingError."""
        ...

    def invoke(self, arn: str, payload: bytes, request_id: str) -> None:
        """Invoke a function asynchronously. Raises DestinationMissingError."""
        ...


class Notifier:
    """Sends what the rules of a bucket ask for. A destination that is gone is logged: S3 tells nobody."""

    def __init__(self, targets: NotificationTargets, clock: Clock) -> None:
        self._targets = targets
        self._clock = clock

    def notify(self, event: ObjectEvent, rules: Sequence[Rule]) -> None:
        """Tell every destination whose rule matches."""
        for rule in rules:
            if rule.matches(event.name, event.key):
                self._deliver(rule.target_arn, json.dumps(event_message(event, rule), ensure_ascii=False))

    def announce(self, bucket: str, rules: Sequence[Rule]) -> None:
        """Send the test event to the queues and topics of a new configuration, once to each."""
        for arn in dict.fromkeys(rule.target_arn for rule in rules):
            if not is_function(arn):
                self._deliver(arn, json.dumps(test_event(bucket, self._clock.now())))

    def _deliver(self, arn: str, message: str) -> None:
        try:
            if is_function(arn):
                self._targets.invoke(arn, message.encode(), str(uuid.uuid4()))
            else:
                self._targets.send(arn, message)
        except DestinationMissingError as error:
            _log.warning("S3 event notification to %s is lost: %s", arn, error)


def is_function(arn: str) -> bool:
    """Tell whether an ARN is one of a Lambda function."""
    return arn.split(":")[2:3] == ["lambda"]
