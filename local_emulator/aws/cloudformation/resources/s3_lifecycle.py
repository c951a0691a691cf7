"""A bucket's LifecycleConfiguration, from CloudFormation's words to those of the S3 API."""

from __future__ import annotations

from typing import Any

_NESTED = {  # the rule's own property in CloudFormation, the object and member in the API
    "ExpirationInDays": ("Expiration", "Days"),
    "ExpirationDate": ("Expiration", "Date"),
    "ExpiredObjectDeleteMarker": ("Expiration", "ExpiredObjectDeleteMarker"),
    "NoncurrentVersionExpirationInDays": ("NoncurrentVersionExpiration", "NoncurrentDays"),
}
_TRANSITION = {"TransitionInDays": "Days", "TransitionDate": "Date"}
_FILTERS = ("Prefix", "TagFilters", "ObjectSizeGreaterThan", "ObjectSizeLessThan")


def lifecycle(value: Any) -> dict[str, Any]:
    """Convert; names that neither side knows stay, and are refused with the API's own list."""
    return {"Rules": [_rule(rule) for rule in value["Rules"]]}


def _rule(rule: Any) -> dict[str, Any]:
    converted: dict[str, Any] = {"Filter": _filter(rule)}
    for name, item in rule.items():
        if name in _NESTED:
            outer, inner = _NESTED[name]
            converted.setdefault(outer, {})[inner] = item
        elif name == "Id":
            converted["ID"] = item
        elif name in {"Transition", "Transitions"}:
            items = item if isinstance(item, list) else [item]
            converted.setdefault("Transitions", []).extend(_renamed(one, _TRANSITION) for one in items)
        elif name in {"NoncurrentVersionTransition", "NoncurrentVersionTransitions"}:
            items = item if isinstance(item, list) else [item]
            renamed = [_renamed(one, {"TransitionInDays": "NoncurrentDays"}) for one in items]
            converted.setdefault("NoncurrentVersionTransitions", []).extend(renamed)
        elif name == "AbortIncompleteMultipartUpload":
            converted[name] = item
        elif name == "NoncurrentVersionExpiration":
            converted.setdefault(name, {}).update(item)
        elif name not in _FILTERS:
            converted[name] = item
    return converted


def _filter(rule: Any) -> dict[str, Any]:
    conditions: dict[str, Any] = {name: rule[name] for name in _FILTERS if name in rule}
    tags = conditions.pop("TagFilters", None)
    if tags and (len(tags) > 1 or conditions):
        return {"And": {**conditions, "Tags": tags}}
    if tags:
        return {"Tag": tags[0]}
    if len(conditions) > 1:
        return {"And": conditions}
    return conditions or {"Prefix": ""}


def _renamed(item: Any, names: dict[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in item.items()}
