"""What pollers need of the rest of the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_emulator.aws.clock import Clock
    from local_emulator.aws.execution.contracts import FunctionRunner
    from local_emulator.aws.front.ports import FunctionDirectory
    from local_emulator.aws.queues.queue import QueueFinder


@dataclass(frozen=True, slots=True)
class Ports:
    """Queues to poll, functions to run, and the time."""

    queues: QueueFinder
    functions: FunctionDirectory
    runner: FunctionRunner
    clock: Clock
