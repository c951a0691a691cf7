"""A bucket's NotificationConfiguration, from CloudFormation's words to those of the S3 API."""

from __future__ import annotations

from typing import Any

_KINDS = (  # the list in CloudFormation, the target's name there, the list and the name in the API
    ("LambdaConfigurations", "Function", "LambdaFunctionConfigurations", "LambdaFunctionArn"),
    ("QueueConfigurations", "Queue", "QueueConfigurations", "QueueArn"),
    ("TopicConfigurations", "Topic", "TopicConfigurations", "TopicArn"),
)


def notifications(value: Any) -> dict[str, Any]:
    """Convert; names that neither side knows stay, and are refused with the API's own list."""
    known = {kind[0] for kind in _KINDS} | {"EventBridgeConfiguration"}
    converted = {name: item for name, item in value.items() if name not in known}
    for source, target, api_source, api_target in _KINDS:
        if value.get(source):
            converted[api_source] = [_one(item, target, api_target) for item in value[source]]
    bridge = value.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", "true")).lower() == "true":
        converted["EventBridgeConfiguration"] = {}
    return converted


def _one(item: Any, target: str, api_target: str) -> dict[str, Any]:
    events = item["Event"] if isinstance(item["Event"], list) else [item["Event"]]
    converted: dict[str, Any] = {api_target: item[target], "Events": events}
    rules = ((item.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        converted["Filter"] = {"Key": {"FilterRules": rules}}
    return converted
