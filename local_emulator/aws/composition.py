"""What runs functions and moves messages, put together."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.control_plane.snap_start import SnapStarts
from local_emulator.aws.execution.contracts import Outcome
from local_emulator.aws.execution.errors import ExecutionError
from local_emulator.aws.execution.executor import Executor
from local_emulator.aws.execution.interpreters import CACHE, Interpreters
from local_emulator.aws.messaging import Messaging
from local_emulator.sagemaker.composition import SageMakerParts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local_emulator.aws.asynchronous.ports import RetrySettings
    from local_emulator.aws.control_plane.log_sink import MotoLogSink
    from local_emulator.aws.execution.contracts import (
        FunctionRunner,
        FunctionSnapshot,
        Invocation,
        Refusal,
    )
    from local_emulator.aws.front.lanes import Lane
    from local_emulator.aws.front.ports import AsyncInvoker, FunctionDirectory
    from local_emulator.aws.moto_patches.patching import Patch
    from local_emulator.aws.queues.queue import StandardQueue
    from local_emulator.aws.services import SnapshotTaker
    from local_emulator.sagemaker.images import RootFileSystem

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """How to run an emulator."""

    root: Path = Path(".emulator/aws")  # where instances keep their code and /tmp; made if missing
    cache: Path = CACHE  # Lambda's runtimes, installed once and kept
    port: int = 4566  # 0: any free port
    search_port: bool = True  # a port that is taken: try the next ones, else raise OSError
    retries: RetrySettings | None = (
        None  # of asynchronous invocations; None: seconds, where AWS takes minutes
    )
    # SageMaker's images that are to be run themselves, by name; ours runs as a process otherwise.
    images: Mapping[str, RootFileSystem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the control plane gives to the parts."""

    settings: EmulatorSettings
    endpoint_url: str
    sink: MotoLogSink
    functions: FunctionDirectory
    note: Callable[[FunctionSnapshot], None]  # tells the sink of a function that was not found, but published


class Parts(Protocol):
    """What the control plane needs of the parts, for as long as the emulator is up."""

    @property
    def runner(self) -> FunctionRunner:
        """Runs functions and waits."""
        ...

    @property
    def async_invoker(self) -> AsyncInvoker:
        """Takes events and runs functions later."""
        ...

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The Lambda runtimes that functions may have here."""
        ...

    @property
    def patches(self) -> Sequence[Patch]:
        """Patches of moto that hand requests on to these parts."""
        ...

    @property
    def lanes(self) -> Sequence[Lane]:
        """Requests that these parts answer, and moto does not."""
        ...

    def start(self) -> None:
        """Begin to take events; moto is patched by now."""
        ...

    def retire(self, arn: str) -> None:
        """End the instances of a version, or of all when the ARN is not qualified."""
        ...

    def prepare(self, function: FunctionSnapshot) -> None:
        """Begin to unpack a function's code; returns at once."""
        ...

    def queue(self, arn: str) -> StandardQueue | None:
        """The standard queue of that ARN, if there is one."""
        ...

    @property
    def snap_starts(self) -> SnapshotTaker:
        """Takes the snapshots of SnapStart versions."""
        ...

    def close(self) -> None:
        """Stop taking events, then end every instance."""
        ...


class TellingRunner:
    """A runner whose functions answer what keeps them from running, as a function error of their own."""

    def __init__(self, executor: Executor, snap_starts: SnapStarts) -> None:
        self._executor = executor
        self._snap_starts = snap_starts

    def invoke(
        self, function: FunctionSnapshot, invocation: Invocation, concurrency_limit: int | None = None
    ) -> Outcome:
        """See FunctionRunner."""
        refusal = self._snap_starts.refusal_of(function)
        if refusal is not None:
            return _not_run(function, invocation, refusal.kind, refusal.message, refusal)
        try:
            return self._executor.invoke(function, invocation, concurrency_limit)
        except ExecutionError as error:
            message = str(error)
            _log.warning("%s cannot run here: %s", function.arn, message)
            return _not_run(function, invocation, f"Emulator.{type(error).__name__}", message)


def _not_run(
    function: FunctionSnapshot,
    invocation: Invocation,
    kind: str,
    message: str,
    refusal: Refusal | None = None,
) -> Outcome:
    return Outcome(
        payload=json.dumps({"errorType": kind, "errorMessage": message}).encode(),
        function_error="Unhandled",
        request_id=invocation.request_id,
        executed_version=function.version,
        log=message.encode(),
        duration_ms=0.0,
        init_ms=None,
        max_memory_mb=0,
        refusal=refusal,
    )


class RunningParts:
    """Functions under the vendor's runtime client, and everything that carries messages to them."""

    def __init__(self, wiring: Wiring) -> None:
        settings = wiring.settings
        interpreters = Interpreters(settings.cache, note=_log.info)
        self.runtimes = tuple(sorted(interpreters.available()))
        self._executor = Executor(settings.root, interpreters, wiring.endpoint_url, wiring.sink)
        self._preparing = ThreadPoolExecutor(1, "lambda-preparing")
        self.snap_starts = SnapStarts(self._executor.take_snapshot, wiring.note)
        self._runner = TellingRunner(self._executor, self.snap_starts)
        self._messaging = Messaging(self._runner, wiring.functions, settings.retries)
        self._sagemaker = SageMakerParts(
            settings.root / "sagemaker", wiring.endpoint_url, wiring.sink, images=settings.images
        )

    @property
    def runner(self) -> FunctionRunner:
        """Runs functions and waits."""
        return self._runner

    @property
    def async_invoker(self) -> AsyncInvoker:
        """Takes events and runs functions later."""
        return self._messaging.async_invoker

    @property
    def patches(self) -> Sequence[Patch]:
        """Patches of moto that hand requests on to these parts."""
        return (*self._messaging.patches, *self._sagemaker.patches)

    @property
    def lanes(self) -> Sequence[Lane]:
        """Requests that these parts answer, and moto does not."""
        return self._sagemaker.lanes

    def start(self) -> None:
        """Begin to take events; moto is patched by now."""
        self._messaging.start()

    def queue(self, arn: str) -> StandardQueue | None:
        """The standard queue of that ARN, if there is one."""
        return self._messaging.queue(arn)

    def retire(self, arn: str) -> None:
        """End the instances of a version, or of all when the ARN is not qualified."""
        self._executor.retire(arn)

    def prepare(self, function: FunctionSnapshot) -> None:
        """Begin to unpack a function's code; what is wrong with it is told when it is invoked."""
        self._preparing.submit(self._prepare, function)

    def _prepare(self, function: FunctionSnapshot) -> None:
        try:
            self._executor.prepare(function)
        except ExecutionError as error:
            _log.info("%s cannot be prepared: %s", function.arn, error)

    def close(self) -> None:
        """Take no more events, end every instance, then wait for who waited for them."""
        self._messaging.stop()
        self._sagemaker.close()
        self._preparing.shutdown(cancel_futures=True)
        self.snap_starts.close()
        self._executor.close()
        self._messaging.close()
