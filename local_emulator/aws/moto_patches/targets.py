"""Sending to moto's queues, topics and event buses: where notifications and destinations end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_emulator.aws.asynchronous.ports import UndeliverableError
from local_emulator.aws.front.functions import InvalidFunctionNameError, parse_reference
from local_emulator.aws.front.ports import FunctionNotFoundError
from local_emulator.aws.moto_patches.sqs_queues import moto_queue
from local_emulator.aws.notifications.notifier import DestinationMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.aws.front.ports import AsyncInvoker, FoundFunction, FunctionDirectory
    from local_emulator.aws.queues.messages import MessageAttribute


class MotoDestinations:
    """Sends what asynchronous invocations came to: to SQS, SNS and EventBridge."""

    def send(self, arn: str, body: str, attributes: Mapping[str, MessageAttribute]) -> None:
        """Send. Raises UndeliverableError."""
        if ":events:" in arn:
            _put_event(arn, body)
        else:
            send_to(arn, body, attributes)


class MotoNotificationTargets:
    """Sends S3's event notifications: to SQS, SNS and, asynchronously, Lambda."""

    def __init__(self, functions: FunctionDirectory, invoker: AsyncInvoker) -> None:
        self._functions = functions
        self._invoker = invoker

    def send(self, arn: str, body: str) -> None:
        """Send to a queue or topic. Raises DestinationMissingError."""
        try:
            send_to(arn, body, {})
        except UndeliverableError as error:
            raise DestinationMissingError(str(error)) from error

    def invoke(self, arn: str, payload: bytes, request_id: str) -> None:
        """Invoke a function asynchronously. Raises DestinationMissingError."""
        found = self._find(arn)
        if found is None:
            raise DestinationMissingError(f"there is no function {arn}")
        self._invoker.enqueue(found.snapshot, payload, request_id)

    def exists(self, arn: str) -> bool:
        """Tell whether there is such a queue, topic or function."""
        service = arn.split(":")[2:3]
        if service == ["sqs"]:
            return moto_queue(arn) is not None
        return _topic(arn) is not None if service == ["sns"] else self._find(arn) is not None

    def _find(self, arn: str) -> FoundFunction | None:
        try:
            reference = parse_reference(arn, "", "")
            return self._functions.find(
                reference.account_id, reference.region, reference.name, reference.qualifier
            )
        except (FunctionNotFoundError, InvalidFunctionNameError):
            return None


def send_to(arn: str, body: str, attributes: Mapping[str, MessageAttribute]) -> None:
    """Send to a queue or topic, through moto's own operation. Raises UndeliverableError."""
    service = arn.split(":")[2:3]
    if service == ["sqs"]:
        _send_to_queue(arn, body, attributes)
    elif service == ["sns"]:
        _publish(arn, body, attributes)
    else:
        raise UndeliverableError(f"{arn} is neither a queue nor a topic")


def _send_to_queue(arn: str, body: str, attributes: Mapping[str, MessageAttribute]) -> None:
    from moto.sqs.exceptions import SQSException
    from moto.sqs.models import sqs_backends

    if moto_queue(arn) is None:
        raise UndeliverableError(f"there is no queue {arn}")
    _, _, _, region, account_id, name = arn.split(":")
    shown = {
        key: {"DataType": value.data_type, "StringValue": value.string_value}
        for key, value in attributes.items()
    }
    try:
        sqs_backends[account_id][region].send_message(name, body, message_attributes=shown)
    except SQSException as error:
        raise UndeliverableError(str(error)) from error


def _publish(arn: str, body: str, attributes: Mapping[str, MessageAttribute]) -> None:
    topic = _topic(arn)
    if topic is None:
        raise UndeliverableError(f"there is no topic {arn}")
    shown = {key: {"Type": value.data_type, "Value": value.string_value} for key, value in attributes.items()}
    topic.publish(body, message_attributes=shown)


def _topic(arn: str) -> Any:
    """Find moto's topic by ARN, or None."""
    from moto.sns.models import sns_backends

    _, _, _, region, account_id, _ = arn.split(":", 5)
    try:
        backend = sns_backends[account_id][region]
    except KeyError:  # no such region
        return None
    return backend.topics.get(arn)


def _put_event(arn: str, body: str) -> None:
    """Put the record of an invocation on an event bus, as Lambda words it there."""
    from moto.events.models import events_backends

    _, _, _, region, account_id, resource = arn.split(":", 5)
    backend = events_backends[account_id][region]
    bus = resource.removeprefix("event-bus/")
    if bus not in backend.event_buses:
        raise UndeliverableError(f"there is no event bus {arn}")
    context = json.loads(body)["requestContext"]
    result = "Success" if context["condition"] == "Success" else "Failure"
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {result}",
        "Detail": body,
        "EventBusName": bus,
        "Resources": [arn, context["functionArn"]],
    }
    (answer,) = backend.put_events([entry])
    if "ErrorCode" in answer:
        raise UndeliverableError(f"{answer['ErrorCode']}: {answer.get('ErrorMessage', '')}")
