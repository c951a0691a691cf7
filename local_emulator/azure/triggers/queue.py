"""The queue trigger: a message becomes a run of a function."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING

from local_emulator.azure.bindings.execution import Occasion
from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.storage.queues import Message, StorageQueue

POISON = "-poison"


def poison_queue_of(name: str) -> str | None:
    """Name the queue for messages that cannot be processed; a poison queue has none itself."""
    return None if name.endswith(POISON) else f"{name}{POISON}"


def bury_in(poison: StorageQueue) -> Callable[[Message], None]:
    """Give what moves a message to a poison queue, as it came."""
    return lambda message: poison.send(message.text)


def handler(
    function: Function,
    execution: Execution,
    *,
    base64_messages: bool,
    undecodable: Callable[[Message], None] | None,
) -> Callable[[Message], bool]:
    """Give what handles a message of this function's queue; True means that it may be deleted."""

    def handle(message: Message) -> bool:
        try:
            body = base64.b64decode(message.text, validate=True) if base64_messages else message.text.encode()
        except (binascii.Error, ValueError):
            if undecodable is None:
                return False
            undecodable(message)  # no delivery will make base64 of it: not tried again
            return True
        return execution.run(function, occasion_of(message, body)).failure is None

    return handle


def occasion_of(message: Message, body: bytes) -> Occasion:
    """Give a message as the host passes it on: text where it is UTF-8, and the names that expressions may use."""
    value = _text_or_bytes(body)
    metadata = {
        "DequeueCount": Value("json", str(message.dequeue_count)),
        "ExpirationTime": _time(message.expires),
        "Id": Value("string", message.id),
        "InsertionTime": _time(message.inserted),
        "NextVisibleTime": _time(message.next_visible),
        "PopReceipt": Value("string", message.receipt),
    }
    if value.kind == "string":
        metadata["QueueTrigger"] = value
    data = {
        name: json.loads(item.content) if item.kind == "json" else item.content
        for name, item in metadata.items()
    }
    return Occasion(value, metadata, data, body)


def _text_or_bytes(body: bytes) -> Value:
    try:
        return Value("string", body.decode())
    except UnicodeDecodeError:
        return Value("bytes", body)


def _time(moment: datetime | None) -> Value:
    return Value("json", json.dumps(moment and moment.isoformat()))
