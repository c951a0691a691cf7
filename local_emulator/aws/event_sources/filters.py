"""FilterCriteria: which messages of a queue a function gets to see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.aws.event_sources.errors import InvalidMapping
from local_emulator.aws.event_sources.patterns import ABSENT, check_condition, condition_matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MOST_FILTERS = 10
_OR = "$or"


@dataclass(frozen=True, slots=True)
class Filters:
    """Patterns; a record passes when one of them matches. Records that do not pass are deleted unseen."""

    patterns: tuple[Any, ...]

    def passes(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the function is to get a record, given in the shape that it would get."""
        return any(_record_matches(pattern, record) for pattern in self.patterns)


def parse_filters(criteria: Mapping[str, Any] | None) -> Filters | None:
    """Read the FilterCriteria of a request; None when there are none. Raises InvalidMapping."""
    texts = [each.get("Pattern", "{}") for each in (criteria or {}).get("Filters") or ()]
    if len(texts) > _MOST_FILTERS:
        raise InvalidMapping(
            f"{len(texts)} filters are more than {_MOST_FILTERS}: combine them with {_OR} in one pattern"
        )
    return Filters(tuple(_parse(text) for text in texts)) if texts else None


def _parse(text: str) -> Any:
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise InvalidMapping(f"Invalid filter pattern definition. {text!r} is not JSON: {error}") from error
    if not isinstance(pattern, dict):
        raise InvalidMapping(f"Invalid filter pattern definition. {text!r} is not a JSON object")
    _check(pattern)
    return pattern


def _check(pattern: Mapping[str, Any]) -> None:
    for name, rule in pattern.items():
        if name == _OR and isinstance(rule, list) and all(isinstance(each, dict) for each in rule):
            for each in rule:
                _check(each)
        elif isinstance(rule, dict):
            _check(rule)
        elif isinstance(rule, list) and rule:
            for condition in rule:
                check_condition(condition)
        else:
            raise InvalidMapping(
                f"Invalid filter pattern definition. {name!r} must be an object or a non-empty array"
            )


def _record_matches(pattern: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Match a whole record; its body counts as JSON exactly when the pattern looks into it."""
    body = pattern.get("body", ABSENT)
    if isinstance(body, dict):
        try:
            parsed = json.loads(record["body"])
        except ValueError:
            return False
        return _matches(pattern, {**record, "body": parsed})
    if body is not ABSENT and _is_json_object(record["body"]):
        return False  # Lambda: a pattern for plain text never matches a body that is a JSON object
    return _matches(pattern, record)


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _matches(pattern: Mapping[str, Any], value: Any) -> bool:
    fields = value if isinstance(value, dict) else {}
    return all(_rule_matches(name, rule, fields) for name, rule in pattern.items())


def _rule_matches(name: str, rule: Any, fields: Mapping[str, Any]) -> bool:
    if name == _OR and isinstance(rule, list) and all(isinstance(each, dict) for each in rule):
        return any(_matches(each, fields) for each in rule)
    found = fields.get(name, ABSENT)
    if isinstance(rule, dict):
        return _matches(rule, found)
    conditions: Sequence[Any] = rule
    return any(condition_matches(condition, found) for condition in conditions)
