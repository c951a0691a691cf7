"""Rules by a clock of the test's, and rules that a real emulator takes."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable

import boto3
import pytest
from botocore.exceptions import ClientError

from local_emulator.aws.clock import ManualClock
from local_emulator.aws.notifications.notifier import DestinationMissingError
from local_emulator.aws.schedules.rules import RuleTarget, ScheduledRule, Schedules

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


class _Rules:
    def __init__(self, *rules: ScheduledRule) -> None:
        self.rules = list(rules)

    def enabled(self) -> Iterable[ScheduledRule]:
        return self.rules


class _Targets:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def send(self, arn: str, body: str) -> None:
        if arn.endswith("missing"):
            raise DestinationMissingError(arn)
        self.told.append((arn, body))

    def invoke(self, arn: str, payload: bytes, request_id: str) -> None:
        assert uuid.UUID(request_id)
        self.told.append((arn, payload.decode()))


def _rule(expression: str, *targets: RuleTarget, name: str = "r") -> ScheduledRule:
    arn = f"arn:aws:events:us-east-1:123456789012:rule/{name}"
    return ScheduledRule(arn, "123456789012", "us-east-1", expression, targets)


def test_a_rule_fires_every_so_often_with_the_event_that_aws_sends() -> None:
    clock, targets = ManualClock(1_700_000_000.0), _Targets()
    schedules = Schedules(_Rules(_rule("rate(5 minutes)", RuleTarget(FUNCTION))), targets, clock)
    schedules.look()
    clock.advance(299)
    schedules.look()
    assert targets.told == []
    clock.advance(1)
    schedules.look()
    schedules.look()
    [(arn, body)] = targets.told
    event = json.loads(body)
    assert arn == FUNCTION
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2023-11-14T22:18:20Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:123456789012:rule/r"],
        "detail": {},
    }
    clock.advance(3000)  # the machine slept: once, not ten times
    schedules.look()
    assert len(targets.told) == 2


def test_constants_take_the_place_of_the_event_and_targets_that_are_gone_keep_nobody_from_theirs() -> None:
    clock, targets = ManualClock(), _Targets()
    told = (RuleTarget(QUEUE + "missing"), RuleTarget(QUEUE, '{"a": 1}'))
    schedules = Schedules(_Rules(_rule("rate(1 minute)", *told)), targets, clock)
    schedules.look()
    clock.advance(60)
    schedules.look()
    assert targets.told == [(QUEUE, '{"a": 1}')]


def test_a_rule_that_changes_or_comes_back_begins_anew() -> None:
    clock, targets = ManualClock(), _Targets()
    rules = _Rules(_rule("rate(1 hour)", RuleTarget(QUEUE)))
    schedules = Schedules(rules, targets, clock)
    schedules.look()
    clock.advance(3000)
    rules.rules = [_rule("rate(10 minutes)", RuleTarget(QUEUE))]
    schedules.look()
    clock.advance(599)
    schedules.look()
    rules.rules = []  # disabled, or deleted
    clock.advance(100)
    schedules.look()
    rules.rules = [_rule("rate(10 minutes)", RuleTarget(QUEUE))]
    schedules.look()
    assert targets.told == []
    clock.advance(600)
    schedules.look()
    assert len(targets.told) == 1


def test_the_emulator_fires_rules_that_boto3_puts(aws: str) -> None:
    """The next full minute is at most a minute away; that much has to be waited for."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    minute = (int(time.time() + 2) // 60 + 1) % 60
    events.put_rule(Name="soon", ScheduleExpression=f"cron({minute} * * * ? *)")
    events.put_targets(Rule="soon", Targets=[{"Id": "q", "Arn": arn}])
    received = []
    while not received:
        received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20).get("Messages", [])
    assert json.loads(received[0]["Body"])["detail-type"] == "Scheduled Event"
    events.remove_targets(Rule="soon", Ids=["q"])
    events.delete_rule(Name="soon")


def test_what_would_never_fire_is_refused(aws: str) -> None:
    events = boto3.client("events")
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        events.put_rule(Name="bad", ScheduleExpression="rate(5 minute)")
    with pytest.raises(ClientError, match="not run by the emulator"):
        events.put_rule(Name="bad", ScheduleExpression="cron(0 0 L * ? *)")
    events.put_rule(Name="good", ScheduleExpression="rate(1 day)")
    with pytest.raises(ClientError, match="not states"):
        events.put_targets(
            Rule="good", Targets=[{"Id": "1", "Arn": "arn:aws:states:us-east-1:1:stateMachine:m"}]
        )
    with pytest.raises(ClientError, match="InputPath of scheduled rules"):
        events.put_targets(Rule="good", Targets=[{"Id": "1", "Arn": FUNCTION, "InputPath": "$.detail"}])
    with pytest.raises(ClientError, match="does not exist"):
        events.put_targets(Rule="none", Targets=[{"Id": "1", "Arn": FUNCTION}])
    events.delete_rule(Name="good")
