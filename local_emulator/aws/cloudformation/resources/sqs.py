"""AWS::SQS: queues and their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.cloudformation.contracts import Deployed
from local_emulator.aws.cloudformation.resources.common import refuse_others, tag_map, unless_gone

if TYPE_CHECKING:
    from local_emulator.aws.cloudformation.contracts import Place, Properties

# Every attribute that a template may set, with what AWS sets when it does not.
_DEFAULTS: dict[str, str] = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "RedrivePolicy": "",
    "RedriveAllowPolicy": "",
    "KmsMasterKeyId": "",
    "KmsDataKeyReusePeriodSeconds": "300",
    "SqsManagedSseEnabled": "true",
    "FifoQueue": "false",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}


class Queue:
    """AWS::SQS::Queue."""

    name = "AWS::SQS::Queue"
    replaced_by = frozenset({"QueueName", "FifoQueue"})
    name_property = "QueueName"

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Create the queue."""
        attributes = _attributes(properties)
        fifo = attributes.get("FifoQueue") == "true"
        queue = str(properties.get("QueueName") or _generated(place, fifo=fifo))
        client = place.client("sqs")
        url = client.create_queue(QueueName=queue, Attributes=attributes, tags=tag_map(properties, place))
        arn = f"arn:aws:sqs:{place.region}:{place.account_id}:{queue}"
        return Deployed(url["QueueUrl"], {"Arn": arn, "QueueName": queue, "QueueUrl": url["QueueUrl"]})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Set what changed; what left the template goes back to its default."""
        before, after = _attributes(old), _attributes(new)
        dropped = {name: _DEFAULTS[name] for name in before if name not in after}
        changed = {name: value for name, value in after.items() if before.get(name) != value}
        client = place.client("sqs")
        if dropped or changed:
            client.set_queue_attributes(QueueUrl=deployed.physical_id, Attributes={**dropped, **changed})
        self._retag(place, deployed, old, new)
        return deployed

    def delete(self, place: Place, deployed: Deployed, _: Properties) -> None:
        """Delete the queue with its messages."""
        unless_gone(place.client("sqs").delete_queue, QueueUrl=deployed.physical_id)

    def _retag(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> None:
        before, after = tag_map(old, place), tag_map(new, place)
        client = place.client("sqs")
        if gone := [key for key in before if key not in after]:
            client.untag_queue(QueueUrl=deployed.physical_id, TagKeys=gone)
        if before != after and after:
            client.tag_queue(QueueUrl=deployed.physical_id, Tags=after)


class QueuePolicy:
    """AWS::SQS::QueuePolicy: one policy on several queues."""

    name = "AWS::SQS::QueuePolicy"
    replaced_by: frozenset[str] = frozenset()
    name_property = ""

    def create(self, place: Place, properties: Properties) -> Deployed:
        """Put the policy on every queue."""
        refuse_others(properties, ("PolicyDocument", "Queues"))
        _put(place, properties["Queues"], json.dumps(properties["PolicyDocument"]))
        return Deployed(place.generated_name(), {"Id": place.generated_name()})

    def update(self, place: Place, deployed: Deployed, old: Properties, new: Properties) -> Deployed:
        """Put the new policy, and take it from queues that left the list."""
        _put(place, [url for url in old["Queues"] if url not in new["Queues"]], "")
        _put(place, new["Queues"], json.dumps(new["PolicyDocument"]))
        return deployed

    def delete(self, place: Place, _: Deployed, properties: Properties) -> None:
        """Take the policy from every queue that still exists."""
        for url in properties["Queues"]:
            unless_gone(place.client("sqs").set_queue_attributes, QueueUrl=url, Attributes={"Policy": ""})


def _attributes(properties: Properties) -> dict[str, str]:
    refuse_others(properties, ("QueueName", "Tags", *_DEFAULTS))
    return {name: _text(value) for name, value in properties.items() if name in _DEFAULTS}


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _generated(place: Place, *, fifo: bool) -> str:
    return f"{place.generated_name(75)}.fifo" if fifo else place.generated_name(80)


def _put(place: Place, urls: list[str], policy: str) -> None:
    for url in urls:
        place.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
