"""One run of a function, with everything around it: inputs before, outputs after, a line in the log."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from local_emulator.azure.bindings.expressions import UnresolvedExpression, with_json
from local_emulator.azure.bindings.inputs import fetch
from local_emulator.azure.bindings.outputs import deliver
from local_emulator.azure.workers.contracts import Call, Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_emulator.azure.bindings.outputs import Outputs, StorageOf
    from local_emulator.azure.deployment.functions import Function
    from local_emulator.azure.workers.contracts import Runner, Value

# ValueError: a name that the SDK refuses, or a text that a queue without base64 cannot hold.
_BAD_TARGET = (AzureError, ValueError)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a function runs: the trigger's value, what it says about itself, and what expressions may name.

    If `body` is a JSON object, they may name its properties, too.
    """

    value: Value
    metadata: Mapping[str, Value] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    body: bytes | str = b""


class Execution:
    """Runs functions for triggers."""

    def __init__(self, runner: Runner, storage: StorageOf, outputs: Outputs, timeout_s: float) -> None:
        self._runner = runner
        self._storage = storage
        self._outputs = outputs
        self._timeout_s = timeout_s

    def run(
        self,
        function: Function,
        occasion: Occasion,
        *,
        invocation_id: str | None = None,
        runner: Runner | None = None,
    ) -> Outcome:
        """Run to the end, outputs included; whatever goes wrong is in the outcome.

        `runner`: a certain worker, where the usual turn will not do.
        """
        # Most functions have no other bindings, and a large body takes its time to read as JSON.
        data = with_json(occasion.data, occasion.body) if function.has_storage else {}
        try:
            destinations = self._outputs.destinations(function, data)
            inputs = fetch(function, data, self._storage)
        except (UnresolvedExpression, *_BAD_TARGET) as error:
            return _failed(function, f"Exception while binding parameters: {error}")
        call = Call(
            function.function_id,
            {function.trigger.name: occasion.value, **inputs},
            occasion.metadata,
            invocation_id or str(uuid.uuid4()),
            self._timeout_s,
        )
        outcome = (runner or self._runner).invoke(call)
        if outcome.failure:
            return _failed(function, outcome.failure.message, outcome.failure.stack_trace)
        try:
            deliver(destinations, outcome)
        except _BAD_TARGET as error:
            return _failed(function, f"Error while handling parameters after function returned: {error}")
        return outcome


def _failed(function: Function, message: str, stack_trace: str = "") -> Outcome:
    _log.error("Functions.%s failed: %s", function.name, "\n".join(filter(None, (message, stack_trace))))
    return Outcome(failure=Failure(message, stack_trace))
