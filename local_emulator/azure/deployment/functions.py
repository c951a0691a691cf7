"""The functions of an app, with their triggers and bindings in types of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_emulator.azure.errors import DeploymentRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.azure.workers.contracts import IndexedFunction

TRIGGERS = ("httpTrigger", "queueTrigger", "blobTrigger", "eventGridTrigger", "timerTrigger")
BINDINGS = ("http", "queue", "blob")
RETURN = "$return"


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding; `settings` are function.json's words (queueName, path, route, …)."""

    name: str
    kind: str
    direction: str  # "in" or "out"
    settings: Mapping[str, Any]

    def text(self, key: str, default: str = "") -> str:
        """Give a setting as a string."""
        value = self.settings.get(key)
        return default if value is None else str(value)

    @property
    def binary(self) -> bool:
        """Whether the function wants bytes and not text."""
        return self.text("dataType").lower() == "binary"

    @property
    def connection(self) -> str:
        """The app setting with the connection string."""
        return self.text("connection")


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its trigger, and the bindings besides."""

    name: str
    function_id: str
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]

    @property
    def has_storage(self) -> bool:
        """Whether it has inputs or outputs in queues or blobs."""
        return bool(self.inputs) or any(binding.kind != "http" for binding in self.outputs)

    @property
    def answers(self) -> bool:
        """Whether it has an HTTP answer."""
        return any(binding.kind == "http" for binding in self.outputs)

    def where(self, binding: Binding) -> str:
        """Name one of its bindings in a message."""
        return f"function {self.name}, {binding.kind} {binding.name}"


def read_function(indexed: IndexedFunction) -> Function:
    """Sort a function's bindings. Raises DeploymentRefused for kinds that are not emulated."""
    bindings = [_binding(settings) for settings in indexed.bindings]
    triggers = [binding for binding in bindings if binding.kind.endswith("Trigger")]
    if len(triggers) != 1:
        raise DeploymentRefused(
            f"function {indexed.name} has {len(triggers)} triggers; a function has exactly one"
        )
    for binding in bindings:
        _check(indexed.name, binding)
    if indexed.retries:
        raise DeploymentRefused(
            f"function {indexed.name} has a retry policy, which is not emulated; queues and blobs are retried by "
            "their own rules: take the decorator off to run it here"
        )
    others = [binding for binding in bindings if binding is not triggers[0]]
    return Function(
        indexed.name,
        indexed.function_id,
        triggers[0],
        tuple(binding for binding in others if binding.direction == "in"),
        tuple(binding for binding in others if binding.direction == "out"),
    )


def _binding(settings: Mapping[str, Any]) -> Binding:
    kind = _kind(str(settings["type"]))
    return Binding(str(settings["name"]), kind, str(settings.get("direction", "in")).lower(), settings)


def _kind(written: str) -> str:
    """Give the usual spelling: Azure compares types regardless of case."""
    known = {name.lower(): name for name in (*TRIGGERS, *BINDINGS)}
    return known.get(written.lower(), written)


def _check(function: str, binding: Binding) -> None:
    if binding.kind in TRIGGERS or (binding.kind in BINDINGS and _has_direction(binding)):
        return
    raise DeploymentRefused(
        f"function {function} has a binding of type {binding.kind} (direction {binding.direction}), which is not "
        f"emulated; there are {', '.join(TRIGGERS)}, blob in and out, queue and http out"
    )


def _has_direction(binding: Binding) -> bool:
    return binding.direction == "out" or (binding.kind == "blob" and binding.direction == "in")
