"""Carries what a function puts out to queues and blobs."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from local_emulator.azure.bindings.expressions import expand
from local_emulator.azure.deployment.functions import RETURN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_emulator.azure.deployment.functions import Binding, Function
    from local_emulator.azure.storage.blobs import Blobs
    from local_emulator.azure.storage.queues import Queues
    from local_emulator.azure.workers.contracts import Outcome, Value


class StorageOf(Protocol):
    """Finds the storage that a binding means."""

    def queues(self, function: Function, binding: Binding) -> Queues:
        """Give the queues of a binding's connection."""
        ...

    def blobs(self, function: Function, binding: Binding) -> Blobs:
        """Give the blobs of a binding's connection."""
        ...

    def expand(self, text: str, where: str) -> str:
        """Replace the app settings in a binding's text."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Where one output goes, decided before the function runs."""

    name: str
    put: Callable[[Value], None]


class Outputs:
    """The outputs of functions. `base64_messages`: how host.json has queue messages encoded."""

    def __init__(
        self, storage: StorageOf, *, base64_messages: bool, told: Callable[[str], None] = lambda _: None
    ) -> None:
        self._storage = storage
        self._base64 = base64_messages
        self._told = told

    def destinations(self, function: Function, data: Mapping[str, Any]) -> list[Destination]:
        """Resolve every output's target. Raises UnresolvedExpression."""
        return [
            self._destination(function, binding, data)
            for binding in function.outputs
            if binding.kind != "http"
        ]

    def _destination(self, function: Function, binding: Binding, data: Mapping[str, Any]) -> Destination:
        where = function.where(binding)
        template = binding.text("queueName" if binding.kind == "queue" else "path")
        target = expand(self._storage.expand(template, where), data)
        if binding.kind == "queue":
            return Destination(binding.name, lambda value: self._enqueue(function, binding, target, value))
        container, _, name = target.partition("/")
        blobs = self._storage.blobs(function, binding)
        return Destination(binding.name, lambda value: blobs.write(container, name, value.as_bytes()))

    def _enqueue(self, function: Function, binding: Binding, name: str, value: Value) -> None:
        queue = self._storage.queues(function, binding).get(name)
        for message in messages_of(value):
            queue.send(base64.b64encode(message).decode() if self._base64 else message.decode())
        self._told(name)


def deliver(destinations: list[Destination], outcome: Outcome) -> None:
    """Put everything where it belongs; an output that was not set goes nowhere."""
    for destination in destinations:
        value = outcome.returned if destination.name == RETURN else outcome.outputs.get(destination.name)
        if value is not None:
            destination.put(value)


def messages_of(value: Value) -> list[bytes]:
    """Split an output into messages: the host makes one of every element of a JSON array."""
    if value.kind == "bytes":
        return [value.content]
    try:
        document = json.loads(value.content) if value.kind in {"json", "string"} else None
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, list):
        return [_message(item) for item in document]
    if isinstance(document, dict):
        return [_message(document)]
    return [value.as_bytes()]


def _message(item: Any) -> bytes:
    # Json.NET writes what it read with an indent of two.
    return (item if isinstance(item, str) else json.dumps(item, indent=2, ensure_ascii=False)).encode()
