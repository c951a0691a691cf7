"""Messages between moto's words and ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_emulator.aws.queues.messages import Draft, MessageAttribute, md5_of_attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from local_emulator.aws.queues.messages import Content, Received


def draft_of(
    body: str,
    attributes: Mapping[str, Any] | None,
    system_attributes: Mapping[str, Any] | None,
    group_id: str | None,
) -> Draft:
    """Build a draft from what moto parsed from a request."""
    trace = (system_attributes or {}).get("AWSTraceHeader") or {}
    return Draft(
        body,
        {name: _attribute(value) for name, value in (attributes or {}).items()},
        group_id,
        trace.get("StringValue"),
    )


def moto_message(content: Content, attributes: Mapping[str, Any] | None) -> Any:
    """Build the message that moto's answer to a send is made from."""
    from moto.sqs.models import Message

    message: Any = Message(content.message_id, content.draft.body)
    message.sent_timestamp = content.sent_ms
    message.message_attributes = attributes or {}
    message.group_id = content.draft.group_id
    return message


def answer_of(received: Received, names: Collection[str], system_names: Collection[str]) -> dict[str, Any]:
    """Build one message of a ReceiveMessage response, with the attributes that were asked for."""
    draft = received.content.draft
    answer: dict[str, Any] = {
        "MessageId": received.content.message_id,
        "ReceiptHandle": received.receipt_handle,
        "MD5OfBody": received.content.body_md5,
        "Body": draft.body,
    }
    system = received.system_attributes()
    if "All" not in system_names:
        system = {name: value for name, value in system.items() if name in system_names}
    if system:
        answer["Attributes"] = system
    wanted = {name: value for name, value in draft.attributes.items() if _is_wanted(name, names)}
    if wanted:
        answer["MessageAttributes"] = {name: _shown(value) for name, value in wanted.items()}
        answer["MD5OfMessageAttributes"] = md5_of_attributes(wanted)
    return answer


def _is_wanted(name: str, names: Collection[str]) -> bool:
    """Match a name against "All", names and prefixes such as "trace.*"."""
    return "All" in names or any(
        name == wanted or (wanted.endswith(".*") and name.startswith(wanted[:-2])) for wanted in names
    )


def _attribute(value: Mapping[str, Any]) -> MessageAttribute:
    binary = value.get("BinaryValue")
    return MessageAttribute(
        value["DataType"],
        value.get("StringValue"),
        binary.encode() if isinstance(binary, str) else binary,
    )


def _shown(attribute: MessageAttribute) -> dict[str, Any]:
    shown = {
        "DataType": attribute.data_type,
        "StringValue": attribute.string_value,
        "BinaryValue": attribute.binary_value,
    }
    return {name: value for name, value in shown.items() if value is not None}
