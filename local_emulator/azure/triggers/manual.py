"""Runs a function because somebody asked for it, with an input of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from local_emulator.azure.bindings.execution import Occasion
from local_emulator.azure.triggers.timer import schedule_value
from local_emulator.azure.workers.contracts import Value

if TYPE_CHECKING:
    from local_emulator.azure.bindings.execution import Execution
    from local_emulator.azure.deployment.functions import Function

_THREADS = 16
_TAKES_TEXT = ("queueTrigger", "eventGridTrigger", "timerTrigger")


class ManualRuns:
    """What POST /admin/functions/{name} starts."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="azure-manual")

    def run_now(self, function: Function, text: str) -> None:
        """Start a function with this input and don't wait. Raises ValueError when it takes none such."""
        self._pool.submit(self._execution.run, function, _occasion(function, text))

    def close(self) -> None:
        """Wait for what runs."""
        self._pool.shutdown()


def _occasion(function: Function, text: str) -> Occasion:
    kind = function.trigger.kind
    if kind == "timerTrigger":
        return Occasion(schedule_value(None, None))
    if kind == "eventGridTrigger":
        return Occasion(Value("json", text), body=text)
    if kind == "queueTrigger":
        return _message(text)
    raise ValueError(f"{function.name} has a {kind}; an input can be given to {', '.join(_TAKES_TEXT)}")


def _message(text: str) -> Occasion:
    """Give an input as a message that never was in a queue."""
    value = Value("string", text)
    now = '"1970-01-01T00:00:00+00:00"'
    metadata = {
        "DequeueCount": Value("json", "1"),
        "Id": Value("string", "manual"),
        "PopReceipt": Value("string", ""),
        **{name: Value("json", now) for name in ("ExpirationTime", "InsertionTime", "NextVisibleTime")},
        "QueueTrigger": value,
    }
    return Occasion(value, metadata, {"QueueTrigger": text, "Id": "manual"}, text)
