"""What runs functions and moves messages, put together."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from local_emulator.aws.clock import SystemClock
from local_emulator.aws.execution.contracts import Invocation
from local_emulator.aws.execution.executor import Executor
from local_emulator.aws.execution.interpreters import Interpreters
from local_emulator.aws.moto_patches import sqs
from local_emulator.aws.moto_patches.sqs_queues import MotoQueues
from local_emulator.aws.queues.moves import MoveTasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local_emulator.aws.execution.contracts import FunctionRunner, FunctionSnapshot, LogSink
    from local_emulator.aws.front.ports import AsyncInvoker, FunctionDirectory
    from local_emulator.aws.moto_patches.patching import Patch

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EmulatorSettings:
    """How to run an emulator."""

    root: Path = Path(".emulator/aws")  # where instances keep their code and /tmp; made if missing
    cache: Path = Path("build/lambda-runtime")  # Lambda's runtimes, installed once and kept
    port: int = 4566  # 0: any free port
    search_port: bool = True  # a port that is taken: try the next ones, else raise OSError


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the control plane gives to the parts."""

    settings: EmulatorSettings
    endpoint_url: str
    sink: LogSink
    functions: FunctionDirectory


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

    def retire(self, arn: str) -> None:
        """End the instances of a version, or of all when the ARN is not qualified."""
        ...

    def close(self) -> None:
        """Stop taking events, then end every instance."""
        ...


class OneAttempt:
    """Runs an event once, in a thread of its own, and logs what fails."""

    def __init__(self, runner: FunctionRunner) -> None:
        self._runner = runner

    def enqueue(self, function: FunctionSnapshot, payload: bytes, request_id: str) -> None:
        """Accept now, run later."""
        Thread(target=self._run, args=(function, Invocation(payload, request_id)), daemon=True).start()

    def _run(self, function: FunctionSnapshot, invocation: Invocation) -> None:
        try:
            self._runner.invoke(function, invocation)
        except Exception:  # noqa: BLE001 - whatever it was, nobody waits to be told
            _log.exception("event %s for %s", invocation.request_id, function.arn)


class RunningParts:
    """Functions under the vendor's runtime client, and queues of our own."""

    def __init__(self, wiring: Wiring) -> None:
        settings = wiring.settings
        clock = SystemClock()
        self._open = ExitStack()
        interpreters = Interpreters(settings.cache, note=_log.info)
        self.runtimes = tuple(sorted(interpreters.available()))
        self._executor = Executor(settings.root, interpreters, wiring.endpoint_url, wiring.sink)
        self._open.callback(self._executor.close)
        self.runner: FunctionRunner = self._executor
        self.async_invoker: AsyncInvoker = OneAttempt(self._executor)
        queues = MotoQueues(clock)
        moves = MoveTasks(queues.find, clock)
        self._open.callback(moves.close)
        self.patches: Sequence[Patch] = (sqs.patch(queues, moves),)

    def retire(self, arn: str) -> None:
        """End the instances of a version, or of all when the ARN is not qualified."""
        self._executor.retire(arn)

    def close(self) -> None:
        """Stop taking events, then end every instance."""
        self._open.close()
