from __future__ import annotations

import pytest

from local_emulator.aws.notifications.rules import InvalidRule, Rule, check

QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"


def rule(name: str = "r", *events: str, prefix: str = "", suffix: str = "", arn: str = QUEUE) -> Rule:
    return Rule(name, arn, events or ("s3:ObjectCreated:*",), prefix, suffix)


@pytest.mark.parametrize(
    ("wanted", "event", "matches"),
    [
        ("s3:ObjectCreated:*", "s3:ObjectCreated:Copy", True),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Put", True),
        ("s3:ObjectCreated:Put", "s3:ObjectCreated:Post", False),
        ("s3:ObjectRemoved:*", "s3:ObjectCreated:Put", False),
    ],
)
def test_events(wanted: str, event: str, matches: bool) -> None:
    assert rule("r", wanted).matches(event, "any") is matches


@pytest.mark.parametrize(
    ("key", "matches"),
    [("in/a.csv", True), ("in/.csv", True), ("a.csv", False), ("in/a.CSV", False), ("xin/a.csv", False)],
)
def test_prefix_and_suffix(key: str, matches: bool) -> None:
    assert rule(prefix="in/", suffix=".csv").matches("s3:ObjectCreated:Put", key) is matches


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        (rule("a"), rule("b"), True),
        (rule("a", prefix="in/"), rule("b", prefix="in/sub/"), True),
        (rule("a", prefix="in/"), rule("b", prefix="out/"), False),
        (rule("a", suffix=".csv"), rule("b", suffix=".json"), False),
        (rule("a", suffix=".gz"), rule("b", suffix=".csv.gz"), True),
        (rule("a", "s3:ObjectCreated:Put"), rule("b", "s3:ObjectCreated:*"), True),
        (rule("a", "s3:ObjectCreated:Put"), rule("b", "s3:ObjectCreated:Copy"), False),
        (rule("a", "s3:ObjectCreated:*"), rule("b", "s3:ObjectRemoved:*"), False),
        (rule("a", prefix="in/"), rule("b", suffix=".csv"), True),
    ],
)
def test_overlap(one: Rule, other: Rule, overlap: bool) -> None:
    if overlap:
        with pytest.raises(InvalidRule, match="Configurations overlap"):
            check([one, other], "us-east-1", lambda arn: True)
    else:
        check([one, other], "us-east-1", lambda arn: True)


def test_same_id_twice() -> None:
    with pytest.raises(InvalidRule, match="IDs must be unique"):
        check([rule("a", prefix="x"), rule("a", prefix="y")], "us-east-1", lambda arn: True)
