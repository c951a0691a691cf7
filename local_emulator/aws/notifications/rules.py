"""A bucket's notification configuration: its rules, and the checks that S3 makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What this emulator raises. S3 has more: of replication, lifecycle, tiering and reduced redundancy.
EVENTS = (
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:Post",
    "s3:ObjectRestore:Completed",
    "s3:ObjectTagging:Put",
    "s3:ObjectTagging:Delete",
    "s3:ObjectAcl:Put",
)
_FAMILIES = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectRestore:*", "s3:ObjectTagging:*")


class InvalidRule(Exception):
    """S3 would answer InvalidArgument, with this message."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Tells one destination of some events on some keys."""

    id: str
    target_arn: str  # of a queue, a topic or a function
    events: tuple[str, ...]  # "s3:ObjectCreated:*", "s3:ObjectRemoved:Delete", …
    prefix: str = ""
    suffix: str = ""

    def matches(self, event: str, key: str) -> bool:
        """Tell whether an event on a key is to be told of."""
        wanted = any(_covers(each, event) for each in self.events)
        return wanted and key.startswith(self.prefix) and key.endswith(self.suffix)


def check(rules: Sequence[Rule], region: str, exists: Callable[[str], bool]) -> None:
    """Raise InvalidRule for what S3 or this emulator does not take. `exists` knows destinations by ARN."""
    for rule in rules:
        _check_events(rule)
        if rule.target_arn.split(":")[3:4] != [region]:
            raise InvalidRule(
                "The notification destination service region is not valid for the bucket location constraint"
            )
        if rule.target_arn.endswith(".fifo"):
            raise InvalidRule(
                f"{rule.target_arn}: FIFO queues and topics cannot be destinations of S3 event notifications"
            )
        if not exists(rule.target_arn):
            raise InvalidRule(
                f"Unable to validate the following destination configurations: {rule.target_arn} does not exist"
            )
    for one, other in combinations(rules, 2):
        _check_overlap(one, other)


def _check_events(rule: Rule) -> None:
    for event in rule.events:
        if event not in EVENTS and event not in _FAMILIES:
            raise InvalidRule(
                f"The event '{event}' is not supported for notifications by the emulator. Supported events are: "
                f"{', '.join((*_FAMILIES, *EVENTS))}"
            )


def _check_overlap(one: Rule, other: Rule) -> None:
    if one.id == other.id:
        raise InvalidRule(f"Same ID used for multiple configurations: {one.id}. IDs must be unique")
    events = any(_covers(a, b) or _covers(b, a) for a in one.events for b in other.events)
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    if events and prefixes and suffixes:
        raise InvalidRule(
            "Configurations overlap. Configurations on the same bucket cannot share a common event type. "
            f"They are {one.id} and {other.id}"
        )


def _covers(wanted: str, event: str) -> bool:
    return wanted == event or (wanted.endswith(":*") and event.startswith(wanted[:-1]))
